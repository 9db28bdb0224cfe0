mod give_up;
mod player;
mod restart;
mod shutdown;
