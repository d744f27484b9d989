//! What instructions are called.
use anchor_lang::Discriminator;
use anchor_lang::prelude::Pubkey;
use solana_instruction::Instruction;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// What a program is sent to and the first bytes of its data.
type Head = (Pubkey, Vec<u8>);

macro_rules! instructions {
    ($($program:ident { $($kind:ident $name:literal,)* })*) => {
        /// All instructions of our programs.
        pub const ALL: &[&str] = &[$($(concat!(stringify!($program), ".", $name)),*),*];

        fn table() -> BTreeMap<Head, &'static str> {
            let rows = [$($((
                ($program::ID, $program::instruction::$kind::DISCRIMINATOR.to_vec()),
                concat!(stringify!($program), ".", $name),
            )),*),*];
            BTreeMap::from(rows)
        }
    };
}

instructions! {
    credits {
        Initialize "initialize", OpenShard "open_shard", SubmitPrice "submit_price", BuyCredits "buy_credits",
        OpenEarnings "open_earnings", LockEscrow "lock_escrow", RefundEscrow "refund_escrow",
        SettleEscrow "settle_escrow", RequestRedemption "request_redemption", AdvanceEpoch "advance_epoch",
        SettleRedemption "settle_redemption", MintScheduled "mint_scheduled", OpenLoyalty "open_loyalty",
        ShareLoyalty "share_loyalty", RedeemLoyalty "redeem_loyalty", MintRebate "mint_rebate",
        Administer "administer", AcceptAuthority "accept_authority",
    }
    staking {
        Initialize "initialize", OpenShard "open_shard", OpenPool "open_pool", Stake "stake",
        RefreshPosition "refresh_position", Unstake "unstake", Withdraw "withdraw", ClosePosition "close_position",
        ClaimRewards "claim_rewards", ClaimRebates "claim_rebates", ClaimCommission "claim_commission",
        SetCommission "set_commission", CollectRewards "collect_rewards", FoldPool "fold_pool",
        RedeemLoyalty "redeem_loyalty", Reserve "reserve", Release "release", Forfeit "forfeit", Slash "slash",
        LockPosition "lock_position", Administer "administer", AcceptAuthority "accept_authority",
    }
    jobs {
        Initialize "initialize", OpenShard "open_shard", RegisterOperator "register_operator",
        RegisterDevice "register_device", RetireDevice "retire_device", RegisterModel "register_model",
        OpenDraft "open_draft", WriteDraft "write_draft", CloseDraft "close_draft",
        OpenUser "open_user", PostJob "post_job", ClaimJob "claim_job", CommitResult "commit_result",
        AcceptResult "accept_result", SettleJob "settle_job", CancelJob "cancel_job", ExpireJob "expire_job",
        ExpireClaim "expire_claim", OpenProof "open_proof", GrowProof "grow_proof", WriteProof "write_proof",
        CloseProof "close_proof", DisputeCell "dispute_cell", DrawAudit "draw_audit", OpenCell "open_cell",
        ExpireAudit "expire_audit", DemandData "demand_data", AnswerDemand "answer_demand",
        ExpireDemand "expire_demand", CloseDemand "close_demand", SetOffer "set_offer", SetClass "set_class",
        OpenRound "open_round", AdvanceRound "advance_round", CommitChallenge "commit_challenge",
        AnswerCell "answer_cell", FailChallenge "fail_challenge", ProveCell "prove_cell",
        PunishDevice "punish_device", ShareIdlePay "share_idle_pay", ClaimIdlePay "claim_idle_pay",
        CloseRound "close_round", Administer "administer", AcceptAuthority "accept_authority",
    }
    governance {
        Initialize "initialize", OpenShard "open_shard", Propose "propose", Vote "vote", Finish "finish",
        Veto "veto", Execute "execute", ExecutePayment "execute_payment", CloseProposal "close_proposal",
        CloseVote "close_vote", OfferGuardian "offer_guardian", AcceptGuardian "accept_guardian",
        GuardianPause "guardian_pause", AcceptProgramAuthority "accept_program_authority",
    }
}

/// Cannot succeed on a network that is up.
pub fn is_over(name: &str) -> bool {
    name.ends_with(".initialize") || name.ends_with(".open_shard")
}

/// The instruction's name, `None` if it is not one of ours.
pub fn name_of(program: &Pubkey, data: &[u8]) -> Option<&'static str> {
    static TABLE: OnceLock<BTreeMap<Head, &'static str>> = OnceLock::new();
    let head = data.get(..8)?.to_vec();
    TABLE.get_or_init(table).get(&(*program, head)).copied()
}

/// The name of an instruction of anybody's.
pub fn name(instruction: &Instruction) -> &'static str {
    name_of(&instruction.program_id, &instruction.data).unwrap_or("other")
}
