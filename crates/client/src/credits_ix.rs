//! Instructions of the credits program.
use crate::{Pubkey, address};
use anchor_lang::{InstructionData, ToAccountMetas, system_program};
use credits::{BuyOrder, InitializeArgs, Order, PriceSource, accounts, instruction};
use solana_instruction::{AccountMeta, Instruction};

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: credits::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn event_authority() -> Pubkey {
    address::event_authority(&credits::ID)
}

pub fn initialize(authority: Pubkey, args: InitializeArgs) -> Instruction {
    let accounts = accounts::Initialize {
        authority,
        config: address::credits_config(),
        feed: address::feed(),
        emission: address::emission(),
        io_mint: address::io_mint(),
        iosd_mint: address::iosd_mint(),
        treasury: address::io_account(&authority),
        program_data: address::program_data(&credits::ID),
        token_program: anchor_spl::token::ID,
        iosd_token_program: anchor_spl::token_2022::ID,
        associated_token_program: anchor_spl::associated_token::ID,
        system_program: system_program::ID,
    };
    build(accounts, instruction::Initialize { args })
}

pub fn open_shard(payer: Pubkey, index: u8) -> Instruction {
    let accounts = accounts::OpenShard {
        payer,
        shard: address::credits_shard(index),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::OpenShard { index })
}

/// `price`: 10^-8 dollars per whole IO.
pub fn submit_price(submitter: Pubkey, price: u64) -> Instruction {
    let feed = address::feed();
    let accounts = accounts::SubmitPrice {
        submitter,
        config: address::credits_config(),
        feed,
        shard: address::credits_shard_of(&feed),
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::SubmitPrice { price })
}

/// The account that the configured price is read from.
pub fn price_account(source: PriceSource) -> Pubkey {
    match source {
        PriceSource::Feed => address::feed(),
        PriceSource::Pyth { account, .. } => account,
    }
}

/// `epoch` is the one that the cluster's clock is in; `price` is the configured price account.
pub fn buy_credits(user: Pubkey, price: Pubkey, epoch: u64, order: BuyOrder) -> Instruction {
    let accounts = accounts::BuyCredits {
        user,
        config: address::credits_config(),
        price,
        epoch: address::epoch(epoch),
        shard: address::credits_shard_of(&user),
        io_mint: address::io_mint(),
        iosd_mint: address::iosd_mint(),
        user_io: address::io_account(&user),
        user_iosd: address::iosd_account(&user),
        token_program: anchor_spl::token::ID,
        iosd_token_program: anchor_spl::token_2022::ID,
        associated_token_program: anchor_spl::associated_token::ID,
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::BuyCredits { order })
}

pub fn open_earnings(payer: Pubkey, owner: Pubkey) -> Instruction {
    let accounts = accounts::OpenEarnings {
        payer,
        owner,
        earnings: address::earnings(&owner),
        shard: address::credits_shard_of(&owner),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::OpenEarnings {})
}

/// `amount`: IOSD base units of earnings; `epoch`: the open one.
pub fn request_redemption(owner: Pubkey, epoch: u64, amount: u64) -> Instruction {
    let accounts = accounts::RequestRedemption {
        owner,
        config: address::credits_config(),
        epoch: address::epoch(epoch),
        earnings: address::earnings(&owner),
        shard: address::credits_shard_of(&owner),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::RequestRedemption { amount })
}

/// `epoch_payer` is who paid for the epoch's account; any address if it does not exist.
pub fn advance_epoch(price: Pubkey, epoch: u64, epoch_payer: Pubkey) -> Instruction {
    let emission = address::emission();
    let accounts = accounts::AdvanceEpoch {
        config: address::credits_config(),
        emission,
        epoch: address::epoch(epoch),
        epoch_payer,
        price,
        io_mint: address::io_mint(),
        shard: address::credits_shard_of(&emission),
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::AdvanceEpoch { index: epoch })
}

/// Settles `owner`'s request of `epoch`, whose account `epoch_payer` paid for; `open_epoch` is the one that the clock is in.
pub fn settle_redemption(
    payer: Pubkey,
    owner: Pubkey,
    epoch: u64,
    epoch_payer: Pubkey,
    open_epoch: u64,
) -> Instruction {
    let accounts = accounts::SettleRedemption {
        payer,
        owner,
        config: address::credits_config(),
        emission: address::emission(),
        earnings: address::earnings(&owner),
        epoch: address::epoch(epoch),
        epoch_payer,
        open_epoch: address::epoch(open_epoch),
        shard: address::credits_shard_of(&owner),
        io_mint: address::io_mint(),
        owner_io: address::io_account(&owner),
        token_program: anchor_spl::token::ID,
        associated_token_program: anchor_spl::associated_token::ID,
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::SettleRedemption {})
}

pub fn open_loyalty(payer: Pubkey, user: Pubkey) -> Instruction {
    let accounts = accounts::OpenLoyalty {
        payer,
        user,
        loyalty: address::loyalty(&user),
        shard: address::credits_shard_of(&user),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::OpenLoyalty {})
}

/// For users who do not share their rebates; the others redeem through the staking program.
pub fn redeem_loyalty(user: Pubkey, points: u64) -> Instruction {
    let accounts = accounts::RedeemLoyalty {
        user,
        staking_authority: None,
        config: address::credits_config(),
        loyalty: address::loyalty(&user),
        shard: address::credits_shard_of(&user),
        iosd_mint: address::iosd_mint(),
        user_iosd: address::iosd_account(&user),
        iosd_token_program: anchor_spl::token_2022::ID,
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::RedeemLoyalty { points, stakers_bps: 0 })
}

pub fn administer(authority: Pubkey, order: Order) -> Instruction {
    let config = address::credits_config();
    let accounts = accounts::Administer {
        authority,
        config,
        shard: address::credits_shard_of(&config),
        feed: address::feed(),
        emission: address::emission(),
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::Administer { order })
}

pub fn accept_authority(pending: Pubkey) -> Instruction {
    let config = address::credits_config();
    let accounts = accounts::AcceptAuthority {
        pending,
        config,
        shard: address::credits_shard_of(&config),
        event_authority: event_authority(),
        program: credits::ID,
    };
    build(accounts, instruction::AcceptAuthority {})
}

/// Creates `owner`'s associated account for `mint` if it is missing.
fn create_account(payer: Pubkey, owner: Pubkey, account: Pubkey, mint: Pubkey, token_program: Pubkey) -> Instruction {
    let accounts = vec![
        AccountMeta::new(payer, true),
        AccountMeta::new(account, false),
        AccountMeta::new_readonly(owner, false),
        AccountMeta::new_readonly(mint, false),
        AccountMeta::new_readonly(system_program::ID, false),
        AccountMeta::new_readonly(token_program, false),
    ];
    // CreateIdempotent
    Instruction { program_id: anchor_spl::associated_token::ID, accounts, data: vec![1] }
}

/// Creates `owner`'s account for IOSD if it is missing. Goes before every refund: a user may have closed an empty one.
pub fn create_iosd_account(payer: Pubkey, owner: Pubkey) -> Instruction {
    create_account(payer, owner, address::iosd_account(&owner), address::iosd_mint(), anchor_spl::token_2022::ID)
}

/// Creates `owner`'s account for IO if it is missing. Goes before whatever may pay IO to somebody.
pub fn create_io_account(payer: Pubkey, owner: Pubkey) -> Instruction {
    create_account(payer, owner, address::io_account(&owner), address::io_mint(), anchor_spl::token::ID)
}

/// Creates `owner`'s account for IO if it is missing, then moves `amount` base units there from `from`'s.
pub fn transfer_io(from: Pubkey, owner: Pubkey, amount: u64) -> [Instruction; 2] {
    let mint = address::io_mint();
    let create = create_io_account(from, owner);
    let mut data = vec![12]; // TransferChecked
    data.extend(amount.to_le_bytes());
    data.push(economy::IO_DECIMALS);
    let transfer = Instruction {
        program_id: anchor_spl::token::ID,
        accounts: vec![
            AccountMeta::new(address::io_account(&from), false),
            AccountMeta::new_readonly(mint, false),
            AccountMeta::new(address::io_account(&owner), false),
            AccountMeta::new_readonly(from, true),
        ],
        data,
    };
    [create, transfer]
}

/// Moves SOL.
pub fn transfer_sol(from: Pubkey, to: Pubkey, lamports: u64) -> Instruction {
    solana_system_interface::instruction::transfer(&from, &to, lamports)
}
