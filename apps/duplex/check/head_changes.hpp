#pragma once

#include <functional>
#include <string>

#include "http_head.hpp"

namespace duplex::app::check {

/// What becomes of a right request or response.
using Change = std::function<void(HttpHead&)>;

/// Changes of one field, each as HttpHead's function of that name has it.
namespace changes {

Change set(std::string name, std::string value);
Change add(std::string name, std::string value);
Change remove(std::string name);
Change rename(std::string name, std::string other);

}  // namespace changes
}  // namespace duplex::app::check
