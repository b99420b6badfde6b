#pragma once

#include <map>
#include <string>
#include <utility>

namespace test_server {

/// `--name value` pairs of the command line.
class Knobs {
 public:
  Knobs(int argc, char** argv) {
    for (int index = 1; index + 1 < argc; index += 2) values_[argv[index]] = argv[index + 1];
  }
  std::string text(const std::string& name, std::string otherwise = "") const {
    const auto found = values_.find("--" + name);
    return found == values_.end() ? std::move(otherwise) : found->second;
  }
  bool has(const std::string& name) const { return values_.contains("--" + name); }
  /// Sets `target` if the knob was given.
  template <class Integer>
  void set(const std::string& name, Integer& target) const {
    if (has(name)) target = static_cast<Integer>(std::stoull(text(name)));
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace test_server
