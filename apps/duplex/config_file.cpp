#include "config_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "subcommand.hpp"

namespace duplex::app {
namespace {

/// `value` as it would stand on the command line; nullopt for what can't stand there.
std::optional<std::string> as_text(const toml::node& value) {
  if (const auto* text = value.as_string()) return text->get();
  if (const auto* number = value.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = value.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* choice = value.as_boolean()) return choice->get() ? "true" : "false";
  return std::nullopt;
}

std::vector<std::string> values_of(const toml::node& node, const std::string& source) {
  std::vector<std::string> values;
  const auto add = [&](const toml::node& value) {
    std::optional<std::string> text = as_text(value);
    if (!text) {
      throw UsageError(source +
                       ": write a text in quotes, a number, true or false, or a list of these");
    }
    values.push_back(*std::move(text));
  };
  if (const toml::array* list = node.as_array()) {
    for (const toml::node& value : *list) add(value);
  } else {
    add(node);
  }
  return values;
}

}  // namespace

std::vector<Setting> parse_config(const std::string& toml, const std::string& name) {
  toml::table table;
  try {
    table = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    throw UsageError(
        fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
  }
  std::vector<Setting> settings;
  for (auto&& [key, node] : table) {
    Setting setting;
    setting.name = key.str();
    setting.source = fmt::format("{}:{}: {}", name, key.source().begin.line, key.str());
    setting.values = values_of(node, setting.source);
    settings.push_back(std::move(setting));
  }
  return settings;
}

std::vector<Setting> read_config_file(const std::string& path) {
  const auto fail = [&path] {
    throw std::runtime_error(fmt::format("can't read the configuration file {}: {}", path,
                                         std::generic_category().message(errno)));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) fail();
  std::string text;
  std::array<char, 4096> buffer;
  while (std::feof(file.get()) == 0) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (std::ferror(file.get()) != 0) fail();
    text.append(buffer.data(), count);
  }
  return parse_config(text, path);
}

}  // namespace duplex::app
