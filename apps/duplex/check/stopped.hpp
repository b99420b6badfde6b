#pragma once

namespace duplex::app::check {

/// Waiting was ended by the user, who has had enough: what was going on is as if it had not been
/// begun. Not an error.
struct Stopped {};

}  // namespace duplex::app::check
