#pragma once

#include <string>
#include <string_view>

namespace duplex::tls {

/// What an option gives: a file's content, or the PEM text that was given in place of its name.
struct Material {
  /// How sentences name it: the file's name, or what the text is.
  std::string name;
  std::string content;
};

/// Whether `option` is PEM text and not the name of a file.
bool is_pem_text(std::string_view option) noexcept;

/// Reads what `option` names; `what` says what is expected there, as `certificate`. Throws Unusable
/// for a file that can't be read.
Material read_material(const std::string& option, std::string_view what);

/// The first line of `file`. Throws Unusable for a file that can't be read, or begins with none.
std::string read_passphrase(const std::string& file);

}  // namespace duplex::tls
