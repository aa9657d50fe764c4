//! The stage: a page on which people play the drill.

use crate::drill::world::World;
use tokio::net::TcpListener;

/// Serves the page until an interrupt.
pub async fn serve(world: &World, listener: TcpListener) -> std::io::Result<()> {
    world.let_the_actor_play();
    let router = crate::sim::slack::ui::ui_router(world.slack.clone());
    axum::serve(listener, router)
        .with_graceful_shutdown(async {
            // An interrupt that cannot be awaited ends the page at once, which is what it is for.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await
}
