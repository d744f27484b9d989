//! Compute units of every instruction, and the programs' sizes.
use crate::net::{self, Net, Posted};
use crate::vm::{PROGRAMS, program_bytes};
use crate::{authority, device, key, operator, stranger, submitter, user, work};
use client::{address, credits_ix, governance_ix, jobs_ix, rounds_ix, staking_ix};
use credits::{BuyOrder, Order, Parameter};
use governance::state::{Action, Choice};
use jobs::Item;
use jobs::constants::CELL_DRAW_DELAY;
use jobs::state::Demand;
use serde_json::{Map, Value, json};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use staking::PoolKind;

/// A row may grow by this many percent before it counts as a regression.
const TOLERANCE: u64 = 10;
/// A job's steps cost more or less by its address's bumps: the mean over this many jobs counts.
const JOBS: u64 = 8;

/// Rows of the table, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    rows: Vec<(String, u64)>,
}

impl Table {
    fn add(&mut self, name: &str, value: u64) {
        self.rows.push((name.into(), value));
    }

    fn get(&self, name: &str) -> Option<u64> {
        self.rows.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
    }

    fn value(&self) -> Value {
        let part = |prefix: &str| -> Map<String, Value> {
            let rows = self.rows.iter().filter_map(|(name, v)| Some((name.strip_prefix(prefix)?.into(), json!(v))));
            rows.collect()
        };
        let life = self.get("job_life_cu");
        json!({ "job_life_cu": life, "instructions": part("instructions."), "bytes": part("bytes.") })
    }

    pub fn to_line(&self) -> String {
        self.value().to_string()
    }

    pub fn to_pretty(&self) -> String {
        format!("{:#}\n", self.value())
    }

    /// # Errors
    /// If `text` is not a table.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let mut table = Table { rows: Vec::new() };
        for (name, value) in value.as_object().ok_or("not an object")? {
            match value {
                Value::Object(part) => {
                    for (row, value) in part {
                        table.add(&format!("{name}.{row}"), value.as_u64().ok_or("not a number")?);
                    }
                }
                value => table.add(name, value.as_u64().ok_or("not a number")?),
            }
        }
        Ok(table)
    }

    /// The rows that have grown too much since `old`, or are not in it, in words.
    pub fn worse_than(&self, old: &Table) -> Vec<String> {
        let judge = |(name, now): &(String, u64)| match old.get(name) {
            None => Some(format!("{name} is not in the table (now {now})")),
            Some(was) if now * 100 > was * (100 + TOLERANCE) => {
                Some(format!("{name} was {was} and is {now}: more than {TOLERANCE} % worse"))
            }
            Some(_) => None,
        };
        self.rows.iter().filter_map(judge).collect()
    }
}

/// Runs everything and measures it.
pub fn measure() -> Table {
    let mut table = Table { rows: Vec::new() };
    let life = jobs(&mut table);
    table.rows.insert(0, ("job_life_cu".into(), life));
    endings(&mut table);
    dispute(&mut table);
    audits(&mut table);
    demand(&mut table);
    rounds(&mut table);
    money(&mut table);
    stake(&mut table);
    registrations(&mut table);
    for (_, name) in PROGRAMS {
        table.add(&format!("bytes.{name}"), program_bytes(name).len() as u64);
    }
    table
}

impl Table {
    fn measure(&mut self, name: &str, net: &mut Net, instruction: Instruction, signers: &[&Keypair]) {
        let cu = net.ok(&[instruction], signers).cu;
        self.add(&format!("instructions.{name}"), cu);
    }
}

fn accept(net: &Net, job: &Posted) -> Instruction {
    jobs_ix::accept_result(user(0).pubkey(), job.address, &net.job(&job.address).expect("the job is live"))
}

/// The steps of a paid job, each the mean over some jobs; returns their sum.
fn jobs(table: &mut Table) -> u64 {
    let mut net = Net::new();
    let model = work::tiny();
    let (me, worker) = (user(0), device(0));
    let mut sums = [0; 4];
    for _ in 0..JOBS {
        let (seq, work) = net.next_job(&me, &model, 2);
        let job = Posted { address: work.job, work };
        let post = jobs_ix::post_job(me.pubkey(), &model.root(), net::post_args(seq, &job.work));
        sums[0] += net.ok(&[post], &[&me]).cu;
        sums[1] += net.ok(&[net::claim(0, job.address)], &[&worker]).cu;
        let commit = jobs_ix::commit_result(worker.pubkey(), job.address, net::commit_args(&job.work));
        sums[2] += net.ok(&[commit], &[&worker]).cu;
        let accept = accept(&net, &job);
        sums[3] += net.ok(&[accept], &[&me]).cu;
    }
    let means = sums.map(|s| s / JOBS);
    for (name, mean) in ["post_job", "claim_job", "commit_result", "accept_result"].into_iter().zip(means) {
        table.add(&format!("instructions.{name}"), mean);
    }
    means.iter().sum()
}

fn endings(table: &mut Table) {
    let mut net = Net::new();
    let model = work::tiny();
    let job = net.committed(&model);
    let state = net.job(&job.address).expect("the job is live");
    net.draw(&job, false);
    net.wait(i64::from(net::WINDOW_S) + 1);
    table.measure("settle_job", &mut net, jobs_ix::settle_job(job.address, &state), &[&user(1)]);

    let job = net.post(&user(0), &model);
    let state = net.job(&job.address).expect("the job is live");
    let cancel = jobs_ix::cancel_job(user(0).pubkey(), job.address, &state);
    table.measure("cancel_job", &mut net, cancel, &[&user(0)]);

    net.submit_price(net::PRICE);
    let job = net.claimed(&model);
    let state = net.job(&job.address).expect("the job is live");
    net.wait(i64::from(net::EXECUTE_S) + 1);
    table.measure("expire_claim", &mut net, jobs_ix::expire_job(job.address, &state), &[&user(1)]);
}

/// A cell of 256 products.
fn dispute(table: &mut Table) {
    let mut net = Net::new();
    let cell = (0, 1, 5);
    let job = net.cheated(&work::wide(), cell);
    let evidence = job.work.evidence(cell);
    let prover = user(1);
    let me = prover.pubkey();
    let open = jobs_ix::open_proof(me, job.address, 1);
    table.measure("open_proof", &mut net, open, &[&prover]);
    let grow = jobs_ix::grow_proof(me, job.address, evidence.len() as u32);
    table.measure("grow_proof", &mut net, grow, &[&prover]);
    for (i, part) in evidence.chunks(net::WRITE_BYTES).enumerate() {
        let write = jobs_ix::write_proof(me, job.address, (i * net::WRITE_BYTES) as u32, part.to_vec());
        if i == 0 {
            table.measure("write_proof", &mut net, write, &[&prover]);
        } else {
            net.ok(&[write], &[&prover]);
        }
    }
    let dispute = net.dispute(&prover, job.address, cell);
    table.measure("dispute_cell", &mut net, dispute, &[&prover]);

    let job = net.committed(&work::wide());
    net.ok(&[jobs_ix::open_proof(me, job.address, 100)], &[&prover]);
    table.measure("close_proof", &mut net, jobs_ix::close_proof(me, job.address), &[&prover]);
}

/// An audit that is drawn, answered, and not answered.
fn audits(table: &mut Table) {
    let mut net = Net::new();
    let job = net.committed(&work::wide());
    table.add("instructions.draw_audit", net.draw(&job, true).cu);
    let cells = net.audited_cells(&job).len() as u8;
    let most = (0..cells).map(|index| net.clone().answer(&job, index).cu).max();
    table.add("instructions.open_cell", most.expect("an audit has cells"));
    let state = net.job(&job.address).expect("the job is live");
    net.wait(i64::from(net::ANSWER_S) + 1);
    let me = user(1);
    net.ok(&[credits_ix::create_io_account(me.pubkey(), me.pubkey())], &[&me]);
    let expire = jobs_ix::expire_audit(me.pubkey(), job.address, &state);
    table.measure("expire_audit", &mut net, expire, &[&me]);
}

/// Eight segments of a row, then silence about the same.
fn demand(table: &mut Table) {
    let mut net = Net::new();
    let model = work::model("long rows", &[256, 2_048]);
    net.ok(&[jobs_ix::register_model(user(1).pubkey(), net::model_args(&model))], &[&user(1)]);
    let (asker, worker) = (user(1), device(0));
    let job = net.committed(&model);
    let item = Item::Segments { layer: 0, row: 1, first: 3, count: 8 };
    let state = net.job(&job.address).expect("the job is live");
    let ask = jobs_ix::demand_data(asker.pubkey(), job.address, &state, item);
    table.measure("demand_data", &mut net, ask, &[&asker]);
    let demand: Demand = net.vm.read(&address::demand(&job.address, 0)).expect("it is open");
    net.upload(&worker, job.address, &job.work.answer(item).expect("the job has it"));
    let answer = jobs_ix::answer_demand(worker.pubkey(), &state, &demand);
    table.measure("answer_demand", &mut net, answer, &[&worker]);
    let (silent, left) = (net.demand(&asker, job.address, item), net.demand(&asker, job.address, item));
    net.wait(i64::from(net::DEMAND_ANSWER_S) + 1);
    net.ok(&[credits_ix::create_io_account(asker.pubkey(), asker.pubkey())], &[&asker]);
    table.measure("expire_demand", &mut net, jobs_ix::expire_demand(asker.pubkey(), &state, &silent), &[&asker]);
    table.measure("close_demand", &mut net, jobs_ix::close_demand(&left), &[&asker]);
}

/// A round in which a device passes, one has a wrong cell and one is missing.
fn rounds(table: &mut Table) {
    let mut net = Net::new();
    let (honest, cheat, absent) = (0, 1, 2);
    let ([first, second], anybody) = ([operator(0), operator(1)], stranger());
    let (me, prover) = (device(honest).pubkey(), anybody.pubkey());
    table.measure("set_offer", &mut net, rounds_ix::set_offer(first.pubkey(), me, 1_000), &[&first]);
    net.vm.pass_slots(3);
    let number = 1;
    table.measure("open_round", &mut net, rounds_ix::open_round(prover, number), &[&anybody]);
    net.wait(2);
    let answer = net.answer_of(honest, number);
    table.add("instructions.commit_challenge", net.commit_answer(honest, number, &answer).cu);
    let wrong = (5, 5);
    let tampered = net.answer_of(cheat, number).tampered(wrong);
    net.commit_answer(cheat, number, &tampered);
    net.wait(i64::from(net::ROUNDS.window_s));
    let closed = net.advance_round(number).cu;
    net.vm.pass_slots(CELL_DRAW_DELAY + 1);
    let drawn = net.advance_round(number).cu;
    let cells: Vec<u64> = (0..judge::challenge::CELLS as u8)
        .map(|cell| {
            let show = net.answer_cell(honest, number, &answer, cell);
            net.ok(&[show], &[&anybody]).cu
        })
        .collect();
    table.add("instructions.answer_cell", cells.into_iter().max().expect("cells are drawn"));
    let (segment, path) = tampered.evidence(wrong);
    let prove = rounds_ix::prove_cell(prover, device(cheat).pubkey(), number, wrong, segment, path);
    table.measure("prove_cell", &mut net, prove, &[&anybody]);
    net.ok(&[credits_ix::create_io_account(prover, prover)], &[&anybody]);
    let punish = rounds_ix::punish_device(device(cheat).pubkey(), first.pubkey(), prover);
    table.measure("punish_device", &mut net, punish, &[&anybody]);
    let ended = net.end_round(number).cu;
    table.add("instructions.advance_round", closed.max(drawn).max(ended));
    let fail = rounds_ix::fail_challenge(device(absent).pubkey(), second.pubkey());
    table.measure("fail_challenge", &mut net, fail, &[&anybody]);
    let share = rounds_ix::share_idle_pay(me, first.pubkey(), number);
    table.measure("share_idle_pay", &mut net, share, &[&anybody]);
    net.ok(&[credits_ix::create_io_account(prover, first.pubkey())], &[&anybody]);
    table.measure("claim_idle_pay", &mut net, rounds_ix::claim_idle_pay(first.pubkey()), &[&anybody]);
    table.measure("close_round", &mut net, rounds_ix::close_round(number, prover), &[&anybody]);

    net.wait(i64::from(net::ROUNDS.every_s));
    net.pass_round(&[(absent, 2)]);
    let class = rounds_ix::set_class(second.pubkey(), device(absent).pubkey(), 1);
    table.measure("set_class", &mut net, class, &[&second]);
}

fn money(table: &mut Table) {
    let mut net = Net::new();
    let (me, supplier) = (user(0), operator(0));
    let buy = |net: &Net| {
        credits_ix::buy_credits(
            me.pubkey(),
            address::feed(),
            net.epoch(),
            BuyOrder::ExactIn { io: net::IO, min_iosd: 1 },
        )
    };
    let order = buy(&net);
    table.measure("buy_credits", &mut net, order, &[&me]);
    let speak = credits_ix::submit_price(submitter(0).pubkey(), net::PRICE);
    table.measure("submit_price", &mut net, speak, &[&submitter(0)]);

    let job = net.committed(&work::tiny());
    let accept = accept(&net, &job);
    net.ok(&[accept], &[&me]);
    let request = credits_ix::request_redemption(supplier.pubkey(), net.epoch(), net::IOSD);
    table.measure("request_redemption", &mut net, request, &[&supplier]);
    let epoch = net.epoch();
    net.vm.set_time(net::START + (epoch as i64 + 1) * i64::from(net::EPOCH_S));
    net.submit_price(net::PRICE);
    let advance = net.advance_epoch(epoch);
    table.measure("advance_epoch", &mut net, advance, &[&me]);
    let settle = net.settle_redemption(&supplier);
    table.measure("settle_redemption", &mut net, settle, &[&supplier]);
    let rebate = credits_ix::redeem_loyalty(me.pubkey(), net::IOSD);
    table.measure("redeem_loyalty", &mut net, rebate, &[&me]);
}

/// What holders and voters do.
fn stake(table: &mut Table) {
    let mut net = Net::new();
    let (me, owner) = (user(0), operator(0));
    let (holder, pool) = (me.pubkey(), address::operator_pool(&owner.pubkey()));
    table.measure("stake_first", &mut net, staking_ix::stake(holder, pool, net::IO), &[&me]);
    table.measure("stake", &mut net, staking_ix::stake(holder, pool, net::IO), &[&me]);
    net.next_epoch();
    net.next_epoch();
    table.measure("refresh_position", &mut net, staking_ix::refresh_position(pool, holder), &[&me]);
    table.measure("collect_rewards", &mut net, staking_ix::collect_rewards(), &[&me]);
    table.measure("fold_pool", &mut net, staking_ix::fold_pool(pool), &[&me]);
    table.measure("claim_rewards", &mut net, staking_ix::claim_rewards(holder, pool, holder), &[&me]);
    table.measure("unstake", &mut net, staking_ix::unstake(holder, pool, net::IO), &[&me]);

    let action = Action::Credits(Order::Set { parameter: Parameter::FeeBps, value: 450 });
    table.measure("propose", &mut net, governance_ix::propose(holder, 0, action), &[&me]);
    let vote = governance_ix::vote(owner.pubkey(), owner.pubkey(), pool, 0, Choice::Yes);
    table.measure("vote", &mut net, vote, &[&owner]);
    net.wait(i64::from(net::VOTING_S));
    table.measure("finish", &mut net, governance_ix::finish(0), &[&me]);
    net.wait(i64::from(net::TIMELOCK_S));
    table.measure("execute", &mut net, governance_ix::execute(0, &action), &[&me]);
}

fn registrations(table: &mut Table) {
    let mut net = Net::bare();
    let payer = authority();
    let admin = payer.pubkey();
    let launch = credits_ix::initialize(admin, net::launch());
    table.measure("credits_initialize", &mut net, launch, &[&payer]);
    let launch = jobs_ix::initialize(admin, net::jobs_launch());
    table.measure("jobs_initialize", &mut net, launch, &[&payer]);
    table.measure("credits_open_shard", &mut net, credits_ix::open_shard(admin, 0), &[&payer]);
    let launch = staking_ix::initialize(admin, net::staking_launch());
    table.measure("staking_initialize", &mut net, launch, &[&payer]);
    let launch = governance_ix::initialize(admin, net::governance_launch());
    table.measure("governance_initialize", &mut net, launch, &[&payer]);
    table.measure("jobs_open_shard", &mut net, jobs_ix::open_shard(admin, 0), &[&payer]);

    let mut net = Net::new();
    let owner = key("new operator");
    let someone = owner.pubkey();
    net.vm.airdrop(&someone, 1_000_000_000);
    table.measure("open_earnings", &mut net, credits_ix::open_earnings(admin, someone), &[&payer]);
    table.measure("register_operator", &mut net, jobs_ix::register_operator(someone), &[&owner]);
    let open = staking_ix::open_pool(someone, PoolKind::Operator, net::COMMISSION_BPS);
    table.measure("open_pool", &mut net, open, &[&owner]);
    net.ok(&credits_ix::transfer_io(admin, someone, net::STAKE), &[&payer]);
    net.ok(&[staking_ix::stake(someone, address::operator_pool(&someone), net::STAKE)], &[&owner]);
    net.next_epoch();
    net.next_epoch();
    net.ok(&[staking_ix::refresh_position(address::operator_pool(&someone), someone)], &[&owner]);
    let worker = key("new device");
    let register = jobs_ix::register_device(someone, worker.pubkey(), "device".into(), 0);
    table.measure("register_device", &mut net, register, &[&owner, &worker]);
    table.measure("retire_device", &mut net, jobs_ix::retire_device(someone, worker.pubkey()), &[&owner]);
    table.measure("open_loyalty", &mut net, credits_ix::open_loyalty(someone, someone), &[&owner]);
    table.measure("open_user", &mut net, jobs_ix::open_user(someone), &[&owner]);
    let model = work::model("three layers", &[64, 128, 64, 10]);
    let register = jobs_ix::register_model(someone, net::model_args(&model));
    table.measure("register_model", &mut net, register, &[&owner]);
}

#[cfg(test)]
mod tests {
    use super::Table;

    fn table(claim: u64) -> Table {
        Table { rows: vec![("job_life_cu".into(), 100), ("instructions.claim_job".into(), claim)] }
    }

    #[test]
    fn a_row_may_grow_by_a_tenth_and_not_by_more() {
        assert_eq!(table(1_100).worse_than(&table(1_000)), [] as [&str; 0]);
        let worse = table(1_101).worse_than(&table(1_000));
        assert_eq!(worse, ["instructions.claim_job was 1000 and is 1101: more than 10 % worse"]);
    }

    #[test]
    fn a_row_that_is_not_in_the_table_counts_as_worse() {
        let old = Table { rows: Vec::new() };
        assert_eq!(table(1).worse_than(&old).len(), 2);
    }

    #[test]
    fn a_table_survives_being_written() {
        assert_eq!(Table::parse(&table(7).to_line()), Ok(table(7)));
    }
}
