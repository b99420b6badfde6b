#pragma once

#include <cstddef>
#include <string>

#include "result.hpp"

/// What has been found out, for people and for machines. Each returns the whole text.
namespace duplex::app::check {

struct TerminalStyle {
  bool color = false;
  /// With the logs of all that is not right.
  bool with_logs = false;
};

/// Counts by group, and then the cases that are not right, by reason.
std::string terminal_report(const Report& report, TerminalStyle style);

/// `docs/tools.md` describes it; logs are of what is not right.
std::string json_report(const Report& report);

/// JUnit's XML, as CI systems read it: a test case for each case, a failure for what is wrong, an
/// error for what was not run, a skip for what is not applicable.
std::string junit_report(const Report& report);

/// One page that needs nothing else.
std::string html_report(const Report& report);

/// One line of a log: `  0.25 ms > text, FIN, 5 bytes`.
std::string log_line(const Log::Entry& entry);

/// `12 right, 1 acceptable, 0 wrong, 3 not applicable`.
std::string summary(const Counts& counts);

/// With a capital in front.
std::string sentence(std::string text);

}  // namespace duplex::app::check
