//! Which node this is, and whether its parts answer: for the first call of every page and for operators. Rows: N-TIER.

use crate::Result;
use crate::node::Node;

/// A node as everybody may see it (节点).
#[derive(Clone, Debug)]
pub struct NodeView {
    /// Code of the node and its division.
    pub code: String,
    /// Name of the division.
    pub name: String,
    /// `nation`, `province`, `city` or `county`.
    pub tier: &'static str,
    /// The Chinese word for the tier.
    pub tier_label: &'static str,
    /// Name of the platform.
    pub platform_name: String,
    /// Code and name of the parent.
    pub parent: Option<(String, String)>,
}

impl Node {
    /// This node as everybody may see it.
    #[must_use]
    pub fn view(&self) -> NodeView {
        use suyuan_domain::division::Tier;
        let parent = self.config.parent.as_ref();
        NodeView {
            code: self.code().to_owned(),
            name: self.divisions.name(self.code()).to_owned(),
            tier: match self.config.tier {
                Tier::Nation => "nation",
                Tier::Province => "province",
                Tier::City => "city",
                Tier::County => "county",
            },
            tier_label: self.config.tier.label(),
            platform_name: self.config.platform_name.clone(),
            parent: parent.map(|(code, _)| (code.clone(), self.divisions.name(code).to_owned())),
        }
    }

    /// Whether the relational store answers.
    pub async fn store_answers(&self) -> bool {
        self.store.ping().await.is_ok()
    }

    /// Whether the warehouse answers.
    pub async fn warehouse_answers(&self) -> bool {
        self.warehouse.ping().await.is_ok()
    }

    /// Last position of the journal.
    ///
    /// # Errors
    /// When the store is out of reach.
    pub async fn journal_position(&self) -> Result<u64> {
        Ok(self.store.last_position().await?)
    }
}
