use super::TestDatabase;

/// An account with these grants on one database; dropped with it, whose name it has.
pub(crate) struct Account {
    name: String,
    pub(crate) database: String,
}

impl Account {
    pub(crate) async fn create(database: &TestDatabase, rights: &str) -> Self {
        let name = database.row::<String>("SELECT DATABASE()").await;
        for statement in [
            format!("CREATE USER {name}@'%' IDENTIFIED BY 'pw'"),
            format!(
                "GRANT {rights} ON `{}`.* TO {name}@'%'",
                name.replace('_', "\\_")
            ),
        ] {
            database.execute(&statement).await.unwrap();
        }
        Self {
            database: name.clone(),
            name,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.url_with("pw", &self.database)
    }

    pub(crate) fn url_with(&self, password: &str, database: &str) -> String {
        let (host, port) = TestDatabase::server_address();
        format!("mysql://{}:{password}@{host}:{port}/{database}", self.name)
    }

    /// Grants all writes on each table but one, on which it may only update and delete.
    pub(crate) async fn may_write_all_tables_but(&self, database: &TestDatabase, exception: &str) {
        for table in database.rows::<String>("SHOW TABLES").await {
            let rights = if table == exception {
                "UPDATE, DELETE"
            } else {
                "INSERT, UPDATE, DELETE"
            };
            self.grant(database, &format!("{rights} ON {}.{table}", self.database))
                .await;
        }
    }

    /// Grants rights such as `INSERT ON database.*`.
    pub(crate) async fn grant(&self, database: &TestDatabase, rights: &str) {
        let grant = format!("GRANT {rights} TO {}@'%'", self.name);
        database.execute(&grant).await.unwrap();
    }
}
