//! x
use crate::game::Game;
/// x
/// # Errors
/// x
pub fn serve(_: &std::net::TcpListener, _: Game) -> std::io::Result<()> {
    Ok(())
}
