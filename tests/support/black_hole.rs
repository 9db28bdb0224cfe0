use std::net::{SocketAddr, TcpListener, TcpStream};

/// A server that accepts every connection and never answers.
pub(crate) struct BlackHole {
    pub(crate) address: SocketAddr,
}

impl BlackHole {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // Ends with the process: it keeps all connections.
        std::thread::spawn(move || {
            let fallen_in: Vec<TcpStream> = listener.incoming().map_while(Result::ok).collect();
            drop(fallen_in);
        });
        Self { address }
    }
}
