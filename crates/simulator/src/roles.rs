//! Who plays in the world, and the chains that they play.

use suyuan_domain::pack::Packs;

use crate::WorldError;

/// A part that subjects are cast for.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) code: &'static str,
    pub(crate) category: &'static str,
    pub(crate) stage: &'static str,
    pub(crate) node_type: &'static str,
    pub(crate) org_form: &'static str,
    /// End of the subjects' names.
    pub(crate) suffix: &'static str,
    /// End of the names of the systems that report for them.
    pub(crate) system: &'static str,
    /// Share of the subjects, in thousandths.
    pub(crate) share: usize,
}

const fn role(
    code: &'static str,
    [category, stage, node_type, org_form]: [&'static str; 4],
    suffix: &'static str,
    system: &'static str,
    share: usize,
) -> Role {
    Role { code, category, stage, node_type, org_form, suffix, system, share }
}

pub(crate) const ROLES: [Role; 25] = [
    role("breeder", ["agri", "breeding", "breeder", "family_farm"], "生猪养殖场", "畜牧养殖追溯系统", 70),
    role("farm", ["agri", "farming", "farm", "cooperative"], "蔬菜种植专业合作社", "种植基地追溯系统", 130),
    role("slaughter", ["agri", "slaughter", "slaughterhouse", "company"], "生猪屠宰有限公司", "屠宰企业追溯系统", 30),
    role(
        "vegetable_processor",
        ["agri", "processing", "processor", "company"],
        "净菜加工有限公司",
        "净菜加工追溯系统",
        30,
    ),
    role("wholesale", ["agri", "wholesale", "wholesale_market", "company"], "农产品批发行", "批发市场追溯系统", 110),
    role("market", ["agri", "market", "food_market", "sole_trader"], "便民菜市场摊位", "菜市场追溯系统", 180),
    role("supermarket", ["agri", "supermarket", "supermarket", "company"], "生鲜超市", "连锁超市追溯系统", 90),
    role("food_maker", ["food", "processing", "processor", "company"], "食品有限公司", "食品生产追溯系统", 60),
    role(
        "food_wholesale",
        ["food", "wholesale", "wholesale_market", "company"],
        "食品商贸有限公司",
        "食品流通追溯系统",
        40,
    ),
    role("food_shop", ["food", "supermarket", "supermarket", "company"], "便利超市", "食品零售追溯系统", 60),
    role("drug_maker", ["drug", "manufacturing", "manufacturer", "company"], "制药有限公司", "药品生产追溯系统", 15),
    role(
        "drug_distributor",
        ["drug", "distribution", "distributor", "company"],
        "医药配送有限公司",
        "药品流通追溯系统",
        20,
    ),
    role("pharmacy", ["drug", "pharmacy", "pharmacy", "company"], "大药房", "药店追溯系统", 60),
    role(
        "input_maker",
        ["agri_input", "manufacturing", "manufacturer", "company"],
        "农药有限公司",
        "农资生产追溯系统",
        10,
    ),
    role(
        "input_wholesale",
        ["agri_input", "wholesale", "wholesale_market", "company"],
        "农资有限公司",
        "农资流通追溯系统",
        15,
    ),
    role("input_shop", ["agri_input", "retail", "retailer", "sole_trader"], "农资门市部", "农资零售追溯系统", 25),
    role(
        "elevator_maker",
        ["equipment", "manufacturing", "manufacturer", "company"],
        "电梯制造有限公司",
        "特种设备制造追溯系统",
        8,
    ),
    role(
        "elevator_dealer",
        ["equipment", "sale", "retailer", "company"],
        "机电设备有限公司",
        "特种设备销售追溯系统",
        8,
    ),
    role("elevator_user", ["equipment", "use", "user", "company"], "物业服务有限公司", "特种设备使用追溯系统", 15),
    role(
        "firework_maker",
        ["hazardous", "manufacturing", "manufacturer", "company"],
        "烟花制造有限公司",
        "危险品生产追溯系统",
        5,
    ),
    role(
        "firework_wholesale",
        ["hazardous", "wholesale", "wholesale_market", "company"],
        "烟花爆竹批发有限公司",
        "危险品流通追溯系统",
        5,
    ),
    role(
        "firework_shop",
        ["hazardous", "retail", "retailer", "sole_trader"],
        "烟花爆竹零售点",
        "危险品零售追溯系统",
        8,
    ),
    role("mine", ["rare_earth", "mining", "mine", "company"], "稀土矿业有限公司", "稀土开采追溯系统", 3),
    role(
        "separator",
        ["rare_earth", "separation", "smelter", "company"],
        "稀土冶炼分离有限公司",
        "稀土冶炼追溯系统",
        3,
    ),
    role("rare_earth_dealer", ["rare_earth", "sale", "retailer", "company"], "稀土材料有限公司", "稀土流通追溯系统", 5),
];

/// A product at one end of a change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    pub(crate) name: &'static str,
    pub(crate) subcategory: &'static str,
    pub(crate) unit: &'static str,
    /// Price in thousandths of a yuan.
    pub(crate) price: i64,
}

/// How a chain goes on at a role.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) role: &'static str,
    /// How many buyers a lot is split among on its way here, at most.
    pub(crate) fan: usize,
    /// What a lot becomes here, and its weight in hundredths of what came in; nothing where it is sold on as it is.
    pub(crate) becomes: Option<(Product, i64)>,
    /// What is tested here; nothing where nothing is.
    pub(crate) tested: &'static str,
}

/// A kind of chain.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Share of all chains, in thousandths.
    pub(crate) share: usize,
    pub(crate) product: Product,
    /// Usual amount of one lot, in thousandths of the unit.
    pub(crate) amount: i64,
    /// Whether single things are traded, so that amounts are whole.
    pub(crate) whole: bool,
    /// How many sources feed the first change, at most.
    pub(crate) sources: usize,
    pub(crate) steps: &'static [Step],
    /// Business step by which the last holder ends the unit.
    pub(crate) end: &'static str,
}

const fn product(name: &'static str, subcategory: &'static str, unit: &'static str, price: i64) -> Product {
    Product { name, subcategory, unit, price }
}

const fn step(role: &'static str, fan: usize) -> Step {
    Step { role, fan, becomes: None, tested: "" }
}

const fn changing(role: &'static str, becomes: Product, percent: i64, tested: &'static str) -> Step {
    Step { role, fan: 1, becomes: Some((becomes, percent)), tested }
}

const fn testing(role: &'static str, fan: usize, tested: &'static str) -> Step {
    Step { role, fan, becomes: None, tested }
}

pub(crate) const CHAINS: [Chain; 11] = [
    Chain {
        share: 270,
        product: product("生猪", "meat", "kg", 16_000),
        amount: 1_150_000,
        whole: false,
        sources: 2,
        steps: &[
            step("breeder", 1),
            changing("slaughter", product("鲜猪肉", "meat", "kg", 24_000), 72, "盐酸克伦特罗"),
            step("wholesale", 2),
            step("market", 3),
        ],
        end: "retail_selling",
    },
    Chain {
        share: 60,
        product: product("生猪", "meat", "kg", 16_000),
        amount: 900_000,
        whole: false,
        sources: 1,
        steps: &[
            step("breeder", 1),
            changing("slaughter", product("冷鲜猪肉", "meat", "kg", 26_000), 72, "莱克多巴胺"),
            step("supermarket", 2),
        ],
        end: "retail_selling",
    },
    Chain {
        share: 180,
        product: product("大白菜", "vegetable", "kg", 1_600),
        amount: 2_400_000,
        whole: false,
        sources: 1,
        steps: &[step("farm", 1), testing("wholesale", 2, "有机磷农药残留"), step("market", 3)],
        end: "retail_selling",
    },
    Chain {
        share: 90,
        product: product("番茄", "vegetable", "kg", 4_200),
        amount: 800_000,
        whole: false,
        sources: 1,
        steps: &[
            step("farm", 1),
            changing("vegetable_processor", product("净菜（番茄）", "vegetable", "kg", 8_800), 91, "毒死蜱"),
            step("supermarket", 2),
        ],
        end: "retail_selling",
    },
    Chain {
        share: 110,
        product: product("婴幼儿配方乳粉", "infant_formula", "罐", 198_000),
        amount: 360_000,
        whole: true,
        sources: 1,
        steps: &[step("food_maker", 1), testing("food_wholesale", 1, "阪崎肠杆菌"), step("food_shop", 3)],
        end: "retail_selling",
    },
    Chain {
        share: 60,
        product: product("一级花生油", "edible_oil", "桶", 89_000),
        amount: 480_000,
        whole: true,
        sources: 1,
        steps: &[step("food_maker", 1), step("food_shop", 3)],
        end: "retail_selling",
    },
    Chain {
        share: 110,
        product: product("阿莫西林胶囊", "chemical", "盒", 12_500),
        amount: 600_000,
        whole: true,
        sources: 1,
        steps: &[step("drug_maker", 1), step("drug_distributor", 1), step("pharmacy", 4)],
        end: "retail_selling",
    },
    Chain {
        share: 50,
        product: product("吡虫啉可湿性粉剂", "pesticide", "袋", 6_500),
        amount: 800_000,
        whole: true,
        sources: 1,
        steps: &[step("input_maker", 1), step("input_wholesale", 1), step("input_shop", 2)],
        end: "retail_selling",
    },
    Chain {
        share: 25,
        product: product("乘客电梯", "elevator", "台", 186_000_000),
        amount: 2_000,
        whole: true,
        sources: 1,
        steps: &[step("elevator_maker", 1), step("elevator_dealer", 1), testing("elevator_user", 2, "限速器校验")],
        end: "consuming",
    },
    Chain {
        share: 25,
        product: product("C级组合烟花", "firework", "箱", 320_000),
        amount: 200_000,
        whole: true,
        sources: 1,
        steps: &[step("firework_maker", 1), step("firework_wholesale", 1), step("firework_shop", 3)],
        end: "retail_selling",
    },
    Chain {
        share: 20,
        product: product("稀土精矿", "ore", "t", 38_000_000),
        amount: 40_000,
        whole: false,
        sources: 1,
        steps: &[
            step("mine", 1),
            changing("separator", product("氧化镨钕", "compound", "t", 420_000_000), 18, ""),
            step("rare_earth_dealer", 2),
        ],
        end: "consuming",
    },
];

/// Whether the packs have every category and stage that the world plays.
pub(crate) fn check(packs: &Packs) -> Result<(), WorldError> {
    for role in &ROLES {
        let category = packs.category(role.category);
        if !category.is_some_and(|category| category.stages.iter().any(|stage| stage == role.stage)) {
            return Err(WorldError::Packs(format!("类别 {} 的环节 {}", role.category, role.stage)));
        }
    }
    Ok(())
}

pub(crate) fn index_of(role: &str) -> usize {
    ROLES.iter().position(|known| known.code == role).unwrap_or(0)
}
