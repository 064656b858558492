//! A whole server in this process, on free ports, with the demo's town.

use std::path::Path;

use dispatch_core::event::Role;
use flight_types::AccountId;
use orchestrator::access::{NewAccount, NewCaller, Registered};
use orchestrator::config::Config;
use orchestrator::serve::Server;
use tempfile::TempDir;

/// The configuration of a server on free ports; `mqtt` is what its section says.
pub fn config_text(data: &Path, mqtt: &str) -> String {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/demo-site");
    format!(
        "site = {site:?}\n[store]\ndata_dir = {data:?}\n[http]\nbind = \"127.0.0.1:0\"\n[links]\nbind = \"127.0.0.1:0\"\n[mqtt]\n{mqtt}\n"
    )
}

/// A running server and its data.
pub struct Running {
    pub server: Server,
    _folder: TempDir,
}

impl Running {
    pub async fn start(mqtt: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = Config::parse(&config_text(folder.path(), mqtt), "test.toml").expect("a configuration");
        let server = Server::start(config).await.unwrap_or_else(|error| panic!("{error:#}"));
        Self { server, _folder: folder }
    }

    /// A guard with a device token.
    pub async fn guard(&self, id: &str) -> (String, String) {
        let account = AccountId::new(id).expect("an id");
        let new = NewAccount {
            id: account.clone(),
            name: id.to_owned(),
            role: Role::Guard,
            lots: orchestrator::access::OwnLots::All,
            password: "correct horse battery".to_owned(),
        };
        self.server.access().add_account(new).await.expect("an account");
        let token = self.server.access().issue_account_token(&account).await.expect("a token");
        (id.to_owned(), token.reveal().to_owned())
    }

    /// A registered caller.
    pub async fn caller(&self) -> Registered {
        let new = NewCaller {
            name: "Kim".to_owned(),
            phone: "+82 10 1234 5678".to_owned(),
            home: None,
            contact: None,
            safe_code: Some("2468".to_owned()),
            duress_code: Some("8642".to_owned()),
            language: "ko".to_owned(),
            device: String::new(),
        };
        self.server.access().register_caller(new).await.expect("a caller")
    }

    /// The port of the broker that the server speaks to.
    pub fn broker_port(&self) -> u16 {
        let url = self.server.mqtt_url().expect("MQTT is on");
        url.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("{url} names a port"))
    }
}
