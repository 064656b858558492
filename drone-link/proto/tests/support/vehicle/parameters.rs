//! The vehicle's parameters, asked for by name, by number or all, and set.

use mavlink::dialects::ardupilotmega::*;
use mavlink::types::CharArray;

use super::Vehicle;

impl Vehicle {
    /// Unknown names and wrong types get no answer.
    pub(super) fn tell_parameter(&mut self, name: CharArray<16>) {
        let name = name.to_str().unwrap_or_default().trim_end_matches('\0').to_owned();
        let Some(index) = self.params.iter().position(|(known, ..)| *known == name) else { return };
        self.tell_parameter_at(index);
    }

    pub(super) fn tell_parameter_at(&mut self, index: usize) {
        let Some((name, param_value, param_type)) = self.params.get(index).copied() else { return };
        let (param_count, param_index) = (self.params.len() as u16, index as u16);
        let param_id = name.into();
        self.send(&MavMessage::PARAM_VALUE(PARAM_VALUE_DATA { param_value, param_count, param_index, param_id, param_type }));
    }

    pub(super) fn set_parameter(&mut self, set: &PARAM_SET_DATA) {
        let name = set.param_id.to_str().unwrap_or_default().trim_end_matches('\0').to_owned();
        let fits = |(known, _, kind): &&mut (&'static str, f32, MavParamType)| *known == name && *kind == set.param_type;
        let Some((_, value, _)) = self.params.iter_mut().find(fits) else { return };
        *value = set.param_value;
        self.tell_parameter(set.param_id);
    }

    pub fn parameter(&mut self, name: &str) -> &mut f32 {
        let found = self.params.iter_mut().find(|(known, ..)| *known == name);
        &mut found.expect("a parameter of this vehicle").1
    }
}
