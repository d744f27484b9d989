use simulation::*;
fn main() {
    let n: u32 = std::env::args().nth(2).and_then(|s| s.parse().ok()).unwrap_or(5000);
    let settings = Settings { suppliers: n, ..Settings::default() };
    for s in scenario::ALL.iter().filter(|s| std::env::args().nth(1).is_none_or(|n| n == "all" || n == s.name)) {
        let t = std::time::Instant::now();
        let run = run(&settings, s);
        match run {
            Err(e) => println!("{}: {e}", s.name),
            Ok(r) => {
                println!("{} {:.1}s {:?}", s.name, t.elapsed().as_secs_f64(), r.summary);
                for (i, m) in r.months.iter().enumerate() {
                    let w = &r.weeks[((i + 1) * 52 / 12).min(r.weeks.len() - 1)];
                    println!("{:2} burn {:6.2} red {:6.2} sch {:5.2} sup {:6.1} ch {:5.2} us {:5.2} spent {:5.1} uns {:4.2} inc {:4.0} {:4.0} {:4.0} bl {:6.2} d {:5.1} cap {:2} | float {:5.1} st {:5.1} rsv {:6.2} coin {:6.3} gh {:5.2} u {:4.2} n {:6} y {:4.1}%",
                        m.month, m.burned, m.redeemed, m.scheduled, m.supply, m.change, m.usage_change, m.spent, m.unserved, m.income[0], m.income[1], m.income[2], m.backlog, m.days_to_clear, m.capped_epochs,
                        w.float, w.staked, w.reserve, w.coin, w.gpu_hour, w.utilisation, w.suppliers, w.staking_yield * 100.0);
                }
            }
        }
    }
}
