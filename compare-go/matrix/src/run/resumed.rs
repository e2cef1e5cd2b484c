//! What a bundle that was interrupted goes on with: the machine and the programs that it was begun
//! with.

use crate::bundle::Bundle;
use crate::bundle::environment::{Cores, Environment};
use crate::run::programs::Programs;
use anyhow::{anyhow, ensure};

/// Figures of two machines are not of one bundle.
pub(super) fn same_machine(then: &Environment, now: &Environment) -> anyhow::Result<()> {
    let cores = |cores: &Cores| format!("{:?} and {:?}", cores.server, cores.generator);
    for (what, then, now) in [
        ("kernel", then.kernel.release.clone(), now.kernel.release.clone()),
        ("processor", then.cpu.model.clone(), now.cpu.model.clone()),
        ("choice of cores", cores(&then.cores), cores(&now.cores)),
    ] {
        ensure!(
            then == now,
            "the bundle was begun with another {what} ({then}, and now {now}): go on with that, or \
             begin a new one"
        );
    }
    Ok(())
}

/// Nor are those of two builds.
pub(super) fn same_programs(bundle: &Bundle, programs: &Programs) -> anyhow::Result<()> {
    let remedy = |what: &str| {
        let commit = &bundle.environment.source.commit;
        format!("{what} is another build now than in the bundle: check out {commit}, or begin anew")
    };
    for record in bundle.servers.values() {
        let Some(ready) = record.ready() else { continue };
        let now = programs.server(record.server);
        let now = now.map_err(|why| anyhow!("{} cannot be built now: {why}", record.server))?;
        ensure!(now.sha256 == ready.program_sha256, remedy(&record.server.to_string()));
    }
    let now = &programs.generator().sha256;
    let same = bundle.proofs.iter().all(|proof| proof.generator_sha256 == *now);
    ensure!(same, remedy("hunt-load"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::observed::Observed;
    use crate::bundle::run::CommandLine;
    use crate::cell::Server;
    use crate::run::programs::Program;
    use crate::run::programs::scripts::Folder;
    use crate::testing::{Character, Synthetic, environment};
    use std::collections::BTreeMap;

    #[test]
    fn a_bundle_goes_on_where_it_was_begun() {
        let then = environment();
        same_machine(&then, &then).unwrap();
        let changed = |change: &dyn Fn(&mut Environment)| {
            let mut now = environment();
            change(&mut now);
            same_machine(&then, &now).unwrap_err().to_string()
        };
        let kernel = changed(&|now| now.kernel.release = "6.19.0".into());
        assert!(kernel.contains("another kernel (6.18.0, and now 6.19.0)"), "{kernel}");
        let processor = changed(&|now| now.cpu.model = "Other".into());
        assert!(processor.contains("another processor (Synthetic, and now Other)"), "{processor}");
        let cores = changed(&|now| now.cores.server = vec![7]);
        assert!(cores.contains("choice of cores ([1] and [0], and now [7] and [0])"), "{cores}");
    }

    #[test]
    fn a_bundle_goes_on_with_the_programs_it_was_begun_with() {
        let hyper: Server = "hyper".parse().unwrap();
        let folder = Folder::new("resumed");
        let synthetic = Synthetic::of(&[(hyper, Character::default())]);
        let bundle = Bundle::read(&synthetic.write(&folder.path)).unwrap();
        let of_server = bundle.servers[&hyper].ready().unwrap().program_sha256.clone();
        let of_generator = bundle.proofs[0].generator_sha256.clone();
        let now = |server: Result<&str, &str>, generator: &str| {
            let server = server.map(program).map_err(str::to_owned);
            same_programs(&bundle, &Programs::of_server(hyper, server, program(generator)))
        };
        now(Ok(&of_server), &of_generator).unwrap();
        let said = now(Ok("0e8011"), &of_generator).unwrap_err().to_string();
        let remedy = "hyper is another build now than in the bundle: check out 0123456789ab, or";
        assert!(said.contains(remedy), "{said}");
        let said = now(Ok(&of_server), "0e8011").unwrap_err().to_string();
        assert!(said.contains("hunt-load is another build now"), "{said}");
        let said = now(Err("error[E0308]"), &of_generator).unwrap_err().to_string();
        assert!(said.contains("hyper cannot be built now: error[E0308]"), "{said}");
    }

    fn program(sha256: &str) -> Program {
        Program {
            path: "target/matrix/floor".into(),
            build: CommandLine {
                program: "cargo".into(),
                args: Vec::new(),
                env: BTreeMap::new(),
                cores: Vec::new(),
            },
            sha256: sha256.into(),
            bytes: 1,
            stripped_bytes: Observed::Is(1),
        }
    }
}
