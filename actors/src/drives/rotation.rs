//! Lets devices take turns, whatever the number of drives that each of them has. No I/O.

/// Remembers the device that was served last.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    last: Option<String>,
}

impl Rotation {
    /// The devices in the order of their turns: those after the last one served come first.
    pub fn order(&self, mut devices: Vec<String>) -> Vec<String> {
        devices.sort_unstable();
        devices.dedup();
        if let Some(last) = &self.last {
            let served = devices.partition_point(|device| device <= last);
            devices.rotate_left(served);
        }
        devices
    }

    /// Notes that a device was served.
    pub fn served(&mut self, device: &str) {
        self.last = Some(device.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(rotation: &mut Rotation, devices: &[&str]) -> String {
        let devices = devices.iter().map(|device| (*device).to_owned()).collect();
        let next = rotation.order(devices).remove(0);
        rotation.served(&next);
        next
    }

    #[test]
    fn devices_take_turns_also_when_some_come_and_go() {
        let mut rotation = Rotation::default();
        assert_eq!(served(&mut rotation, &["b", "a", "c"]), "a");
        assert_eq!(served(&mut rotation, &["a", "b", "c"]), "b");
        assert_eq!(served(&mut rotation, &["a", "c"]), "c");
        assert_eq!(served(&mut rotation, &["a", "c"]), "a");
        assert_eq!(served(&mut rotation, &["a"]), "a");
        assert_eq!(served(&mut rotation, &["a", "aa"]), "aa");
    }

    #[test]
    fn no_devices_have_no_turns() {
        assert!(Rotation::default().order(Vec::new()).is_empty());
    }
}
