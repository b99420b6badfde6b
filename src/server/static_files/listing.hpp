#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/static_files/file_tree.hpp"

namespace duplex::server {

/// A page of HTML with links to the folders and files in the folder at `path` of `tree`, in the
/// order of their names, with sizes and dates. Without dot files, and without what can't be served:
/// devices, and links that lead out of the tree. `title` is the decoded path of the request. The
/// page links to the parent folder, but for the tree's own folder `.`, which has none. nullopt when
/// the folder can't be read.
/// At most `entries_max` are shown; the page says so when there are more.
std::optional<std::string> make_listing(const FileTree& tree, const std::string& path,
                                        std::string_view title, std::size_t entries_max = 10'000);

/// `text` with `&`, `<`, `>` and quotes written as references.
std::string escape_html(std::string_view text);

}  // namespace duplex::server
