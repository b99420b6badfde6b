#pragma once

#include <functional>
#include <string_view>

#include <duplex/base/log_level.hpp>

namespace duplex::connection {

using Log = std::function<void(LogLevel, std::string_view)>;

/// `log`, but for what it throws: a log that fails has nobody left to tell, and must end neither
/// connections nor threads. Without one, warnings and errors go to standard error.
Log guarded_log(Log log);

}  // namespace duplex::connection
