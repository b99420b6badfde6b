#pragma once

#include <algorithm>
#include <vector>

namespace duplex::app::check {

/// Takes the first that equals `value` out of `values`; false if there is none.
template <class T, class U>
bool take_first(std::vector<T>& values, const U& value) {
  const auto found = std::ranges::find(values, value);
  if (found == values.end()) return false;
  values.erase(found);
  return true;
}

}  // namespace duplex::app::check
