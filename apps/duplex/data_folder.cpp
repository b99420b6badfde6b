#include "data_folder.hpp"

#include <cstdlib>
#include <string_view>

namespace duplex::app {
namespace {

/// The specification has relative paths ignored.
std::optional<std::string> absolute_path_in(const char* variable) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody here writes to the environment.
  const char* const value = std::getenv(variable);
  if (value == nullptr || *value != '/') return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> data_folder() {
  if (const auto data = absolute_path_in("XDG_DATA_HOME")) return *data + "/duplex";
  if (const auto home = absolute_path_in("HOME")) return *home + "/.local/share/duplex";
  return std::nullopt;
}

}  // namespace duplex::app
