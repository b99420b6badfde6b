#include "head_changes.hpp"

#include <utility>

namespace duplex::app::check::changes {

Change set(std::string name, std::string value) {
  return
      [name = std::move(name), value = std::move(value)](HttpHead& head) { head.set(name, value); };
}

Change add(std::string name, std::string value) {
  return
      [name = std::move(name), value = std::move(value)](HttpHead& head) { head.add(name, value); };
}

Change remove(std::string name) {
  return [name = std::move(name)](HttpHead& head) { head.remove(name); };
}

Change rename(std::string name, std::string other) {
  return [name = std::move(name), other = std::move(other)](HttpHead& head) {
    head.rename(name, other);
  };
}

}  // namespace duplex::app::check::changes
