//! What goes wrong on a link, in plain words with what to do (链路故障): the same code as the other side saw, since when.
//! Rows: G-6.4.1b, H-8.

use suyuan_domain::fault::Fault;
use suyuan_exchange::client::ClientError;
use suyuan_store::link::Side;

use crate::{Node, ServiceError};

/// The fault behind an error of sending or receiving.
#[must_use]
pub fn words(error: &ServiceError) -> Fault {
    match error {
        ServiceError::Invalid(faults) if !faults.is_empty() => faults[0].clone(),
        ServiceError::Conflict(fault) | ServiceError::Unauthenticated(fault) | ServiceError::Forbidden(fault) => {
            fault.clone()
        }
        ServiceError::Peer(error @ ClientError::Refused { code, text, .. }) => {
            let code = if code.is_empty() { error.code() } else { code };
            Fault::new(code, "", format!("对方拒绝：{text}"), advice(code))
        }
        ServiceError::Peer(error) => Fault::new(error.code(), "", error.to_string(), advice(error.code())),
        ServiceError::Store(_) => Fault::new("SYS-0501", "", "本节点数据库或日志读取失败", advice("SYS-0501")),
        _ => Fault::new("SYS-0500", "", "本节点内部错误", advice("SYS-0500")),
    }
}

/// What to do about a code; the cases that mend themselves say so.
fn advice(code: &str) -> &'static str {
    match code {
        "XCH-0101" | "XCH-0112" | "XCH-0114" => "请在链路设置中减小每批记录数，并联系对方管理员核对其上限",
        "XCH-0103" => "请升级版本较低的一方",
        "XCH-0104" | "XCH-0105" | "XCH-0106" | "XCH-0108" | "XCH-0110" | "XCH-0111" | "XCH-0113" | "XCH-0115"
        | "XCH-0116" | "XCH-0117" | "XCH-0118" | "XCH-0119" => {
            "数据在传输中损坏或被改动，程序会自动原样重发；持续出现时请检查两节点之间的网络设备和代理"
        }
        "XCH-0107" | "XCH-0109" | "XCH-0122" => "请与对方电话核对公钥指纹；一方更换密钥后须取消接入并重新批准",
        "XCH-0201" | "XCH-0202" | "XCH-0203" => "请由系统管理员更正对方节点地址",
        "XCH-0204" | "XCH-0205" | "XCH-0206" => "请检查网络、防火墙和对方服务是否运行；恢复后自动续传，无需补报",
        "XCH-0301" | "XCH-0303" => "请联系上级管理员核实本节点并批准接入",
        "XCH-0304" | "XCH-0305" => "请核对双方的节点代码和管辖区划",
        "XCH-0311" | "XCH-0312" | "XCH-0313" | "XCH-0314" | "XCH-0321" => {
            "请在本节点运行 suyuan verify journal 核验日志，并联系对方管理员确认已收到哪一条，从该处补报"
        }
        "XCH-0322" => "请联系对方管理员；程序会自动重发并等待正确的回执",
        _ => "请查看运行日志；程序会自动重试",
    }
}

/// Notes an error of one side of a link; says whether it is news. What cannot be noted is logged.
pub async fn note(node: &Node, (peer, side, class): (&str, Side, &str), error: &ServiceError) -> bool {
    let noted = async {
        let tx = node.store.begin().await?;
        let is_new = tx.note_link_fault((peer, side, class), &words(error), node.now()).await?;
        tx.commit().await?;
        Ok::<_, suyuan_store::StoreError>(is_new)
    };
    noted.await.unwrap_or_else(|error| {
        tracing::warn!(peer, error = %error, "a fault of the exchange could not be noted");
        true
    })
}
