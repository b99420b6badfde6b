#include "server/static_files/file_looks.hpp"

#include <functional>
#include <utility>

namespace duplex::server {

namespace {

using std::chrono::system_clock;
using Kind = FileStatus::Kind;

/// The codings of the files that may stand beside a file, the one that we like best first.
struct Sibling {
  http::ContentCoding coding;
  std::string_view suffix;
};
constexpr std::array<Sibling, 3> siblings = {{{http::ContentCoding::br, ".br"},
                                              {http::ContentCoding::zstd, ".zst"},
                                              {http::ContentCoding::gzip, ".gz"}}};

/// A clock that was set back makes a look worthless, as one that was set forward does.
bool is_fresh(system_clock::time_point when, system_clock::time_point now,
              std::chrono::milliseconds age_max) noexcept {
  return when <= now && now - when < age_max;
}

}  // namespace

std::string_view sibling_suffix(http::ContentCoding coding) noexcept {
  for (const Sibling& sibling : siblings) {
    if (sibling.coding == coding) return sibling.suffix;
  }
  return {};
}

FileLook::FileLook(const FileTree& tree, const std::string& path, system_clock::time_point now)
    : when_(now) {
  static_assert(siblings.size() < representations_max);
  const auto status = tree.status(path);
  if (!status || status->kind == Kind::other) return;
  status_ = *status;
  if (status->kind != Kind::file) return;
  for (const Sibling& sibling : siblings) {
    const auto found = tree.status(path + std::string(sibling.suffix));
    if (!found || found->kind != Kind::file) continue;
    // Who edits a file and forgets to compress it again should see the edit.
    if (found->modified_unix_s() < status->modified_unix_s()) continue;
    add(sibling.coding, *found);
  }
  add(http::ContentCoding::identity, *status);
}

std::optional<Kind> FileLook::kind() const noexcept {
  if (!status_) return std::nullopt;
  return status_->kind;
}

http::ContentCoding FileLook::choose(http::FieldsView fields) const noexcept {
  if (!several()) return http::ContentCoding::identity;
  return http::choose_coding(fields, {codings_.data(), count_})
      .value_or(http::ContentCoding::identity);
}

FileSighting FileLook::sighting_of(http::ContentCoding coding) const noexcept {
  std::size_t i = 0;
  while (codings_[i] != coding) ++i;
  return {statuses_[i], when_};
}

void FileLook::add(http::ContentCoding coding, const FileStatus& status) noexcept {
  codings_[count_] = coding;
  statuses_[count_++] = status;
}

std::size_t FileLooks::Hash::operator()(const Key& key) const noexcept {
  return (*this)(KeyView{key.tree, key.path});
}

std::size_t FileLooks::Hash::operator()(const KeyView& key) const noexcept {
  return std::hash<std::string_view>()(key.path) ^ std::hash<const void*>()(key.tree);
}

FileLook FileLooks::look(const FileTree& tree, const std::string& path,
                         system_clock::time_point now, std::chrono::milliseconds age_max) {
  const auto known = looks_.find(KeyView{&tree, path});
  if (known != looks_.end() && is_fresh(known->second.when(), now, age_max)) {
    return known->second;
  }
  const FileLook look(tree, path, now);
  if (known != looks_.end()) {
    if (look.kind()) {
      known->second = look;
    } else {
      looks_.erase(known);
    }
  } else if (look.kind() && age_max > std::chrono::milliseconds(0)) {
    // All are old in a moment anyway.
    if (looks_.size() >= looks_max_) looks_.clear();
    if (looks_max_ > 0) looks_.emplace(Key{&tree, path}, look);
  }
  return look;
}

}  // namespace duplex::server
