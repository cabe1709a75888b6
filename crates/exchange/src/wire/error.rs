//! What can be wrong with a batch or a document.

use suyuan_crypto::CryptoError;

use super::{OLDEST_VERSION, VERSION};

/// Why bytes were refused, or could not be made. The text is for the operator of either node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// More bytes than allowed.
    #[error("数据包过大：{bytes} 字节，上限 {limit} 字节，请减少每批记录数")]
    TooLarge {
        /// What came.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The bytes are something else.
    #[error("不是本平台的交换数据包")]
    Foreign,
    /// Written in a version that this program does not read.
    #[error("交换协议版本不一致：对方为 {got}，本节点支持 {OLDEST_VERSION} 至 {VERSION}，请升级版本较低的一方")]
    Version {
        /// Version of the sender.
        got: u16,
    },
    /// The bytes end too early.
    #[error("数据包不完整，传输可能中断，请重新发送")]
    Truncated,
    /// There are bytes after the end.
    #[error("数据包末尾有多余内容，请重新发送")]
    Trailing,
    /// The manifest cannot be read.
    #[error("数据包清单无法识别")]
    Manifest,
    /// The signature does not belong to these bytes and this key.
    #[error("签名验证未通过，请核对对方节点的公钥")]
    Signature,
    /// The sealed body is not the one that was signed.
    #[error("密文与签名清单不符，传输中可能被改动，请重新发送")]
    SealedHash,
    /// The body's key was wrapped for another node, or damaged.
    #[error("数据密钥无法解开，数据包可能不是发给本节点的")]
    Unwrap,
    /// The body cannot be opened with its key.
    #[error("数据包解密失败，请重新发送")]
    Open,
    /// The opened body is not the one that was signed.
    #[error("数据包正文与签名清单不符")]
    BodyHash,
    /// The records would take more memory than allowed.
    #[error("数据包解压后过大：{bytes} 字节，上限 {limit} 字节")]
    PlainTooLarge {
        /// What the sender declares.
        bytes: u64,
        /// What is allowed.
        limit: usize,
    },
    /// The body cannot be decompressed, or not to the declared size.
    #[error("数据包解压失败，或解压后的大小与清单不符")]
    Decompress,
    /// More records than allowed.
    #[error("每批记录过多：{records} 条，上限 {limit} 条")]
    TooManyRecords {
        /// What came.
        records: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A record cannot be read.
    #[error("第 {index} 条记录的{field}无法识别")]
    Record {
        /// Which record, from 1.
        index: usize,
        /// The Chinese name of the field.
        field: &'static str,
    },
    /// The number of records is not the declared one.
    #[error("记录条数与清单不符：清单 {expected} 条，实际 {got} 条")]
    Count {
        /// In the manifest.
        expected: u32,
        /// In the body.
        got: usize,
    },
    /// Hash or ranges of the records are not the declared ones.
    #[error("记录内容与清单不符")]
    Contents,
    /// Records of one chain are not in order without holes.
    #[error("第 {index} 条记录与同一记录链的上一条不连续")]
    Order {
        /// Which record, from 1.
        index: usize,
    },
    /// A record is of another class than the batch.
    #[error("第 {index} 条记录的优先级与数据包不一致")]
    Class {
        /// Which record, from 1.
        index: usize,
    },
    /// A record that stays on its node was to be sent.
    #[error("第 {index} 条记录不属于任何记录链，不能发送")]
    Local {
        /// Which record, from 1.
        index: usize,
    },
    /// A signed document cannot be read, or is of another sort.
    #[error("签名文书无法识别")]
    Document,
    /// A key in a document cannot be used.
    #[error("文书中的公钥无效")]
    Key,
    /// Signing or sealing failed here.
    #[error("加密组件出错：{0}")]
    Crypto(CryptoError),
}

impl WireError {
    /// Stable code for answers, receipts and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "XCH-0101",
            Self::Foreign => "XCH-0102",
            Self::Version { .. } => "XCH-0103",
            Self::Truncated => "XCH-0104",
            Self::Trailing => "XCH-0105",
            Self::Manifest => "XCH-0106",
            Self::Signature => "XCH-0107",
            Self::SealedHash => "XCH-0108",
            Self::Unwrap => "XCH-0109",
            Self::Open => "XCH-0110",
            Self::BodyHash => "XCH-0111",
            Self::PlainTooLarge { .. } => "XCH-0112",
            Self::Decompress => "XCH-0113",
            Self::TooManyRecords { .. } => "XCH-0114",
            Self::Record { .. } => "XCH-0115",
            Self::Count { .. } => "XCH-0116",
            Self::Contents => "XCH-0117",
            Self::Order { .. } => "XCH-0118",
            Self::Class { .. } => "XCH-0119",
            Self::Local { .. } => "XCH-0120",
            Self::Document => "XCH-0121",
            Self::Key => "XCH-0122",
            Self::Crypto(_) => "XCH-0123",
        }
    }
}
