#include "tls/reloadable_context.hpp"

#include <algorithm>

#include "tls/material.hpp"

namespace duplex::tls {
namespace {

void add_file(std::vector<std::string>& files, const std::string& option) {
  const bool known = std::ranges::find(files, option) != files.end();
  if (!option.empty() && !is_pem_text(option) && !known) files.push_back(option);
}

}  // namespace

std::expected<std::shared_ptr<ReloadableContext>, std::string> ReloadableContext::open(
    ServerOptions options) {
  auto reloadable = std::make_shared<ReloadableContext>(std::move(options));
  auto first = reloadable->load();
  if (!first) return std::unexpected(std::move(first.error()));
  reloadable->use(*std::move(first));
  return reloadable;
}

std::shared_ptr<const Context> ReloadableContext::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

std::expected<std::shared_ptr<const Context>, std::string> ReloadableContext::load() const {
  return Context::for_server(options_, ticket_keys_);
}

void ReloadableContext::use(std::shared_ptr<const Context> context) {
  const std::scoped_lock lock(mutex_);
  // What was current is freed by the caller, when the lock is no longer held.
  current_.swap(context);
}

std::vector<std::string> ReloadableContext::files() const {
  std::vector<std::string> files;
  add_file(files, options_.certificate);
  add_file(files, options_.key);
  add_file(files, options_.passphrase_file);
  for (const Credential& credential : options_.more) {
    add_file(files, credential.certificate);
    add_file(files, credential.key);
    add_file(files, credential.passphrase_file);
  }
  add_file(files, options_.client_ca);
  return files;
}

}  // namespace duplex::tls
