#include "server/certificates.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace duplex::server {

namespace {

/// `2027-02-03`
std::string date_of(std::chrono::sys_seconds time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text.data();
}

/// `a.example, b.example until 2027-02-03`
std::string describe(const tls::Certificate& certificate) {
  std::string names;
  for (const auto* list : {&certificate.dns_names, &certificate.ip_addresses}) {
    for (const std::string& name : *list) names += (names.empty() ? "" : ", ") + name;
  }
  return (names.empty() ? certificate.subject : names) + " until " + date_of(certificate.not_after);
}

std::string describe(const tls::Context& context) {
  std::string text;
  for (const tls::Certificate& certificate : context.certificates()) {
    text += (text.empty() ? "" : "; ") + describe(certificate);
  }
  return text;
}

constexpr std::string_view reloaded = "uses its certificates as they are now";
constexpr std::string_view kept =
    "the certificates in use are kept, since new ones can't be used: ";

}  // namespace

ListenerCertificates ListenerCertificates::open(const tls::ServerOptions& options) {
  // Looked at before they are read, so that a change in between is not missed.
  std::vector<std::string> watched;
  if (options.watch_files) watched = tls::ReloadableContext(options).files();
  FileChanges changes(stamps_of(watched));
  auto context = tls::ReloadableContext::open(options);
  if (!context) throw std::runtime_error(context.error());
  return {std::move(*context), std::move(watched), std::move(changes)};
}

// ---------------------------------------------------------------------------- at the beginning

void Certificates::add(std::string place, ListenerCertificates certificates) {
  Lines lines;
  {
    const std::lock_guard lock(mutex_);
    entries_.push_back({std::move(place), std::move(certificates)});
    describe_use(entries_.back(), "is encrypted", lines);
  }
  write(lines);
}

// ---------------------------------------------------------------------------- later

std::expected<void, std::string> Certificates::reload() {
  Lines lines;
  std::string errors;
  {
    const std::lock_guard lock(mutex_);
    struct Loaded {
      std::shared_ptr<const tls::Context> context;
      std::vector<FileStamp> stamps;
    };
    std::vector<Loaded> loaded;
    for (Entry& entry : entries_) {
      auto stamps = stamps_of(entry.certificates.watched);
      auto context = entry.certificates.context->load();
      if (context) {
        loaded.push_back({std::move(*context), std::move(stamps)});
      } else {
        errors += (errors.empty() ? "" : "; ") + entry.place + ": " + context.error();
        // It's told here, and need not be again by `look`.
        entry.certificates.changes.know(std::move(stamps));
      }
    }
    for (std::size_t i = 0; errors.empty() && i < entries_.size(); ++i) {
      entries_[i].certificates.context->use(std::move(loaded[i].context));
      entries_[i].certificates.changes.know(std::move(loaded[i].stamps));
      describe_use(entries_[i], reloaded, lines);
    }
  }
  if (!errors.empty()) lines.push_back({LogLevel::error, std::string(kept) + errors});
  write(lines);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return {};
}

bool Certificates::watches() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(
      entries_, [](const Entry& entry) { return !entry.certificates.watched.empty(); });
}

void Certificates::look() {
  Lines lines;
  {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries_) {
      auto& [context, watched, changes] = entry.certificates;
      if (!changes.look(stamps_of(watched))) continue;
      if (auto loaded = context->load()) {
        context->use(std::move(*loaded));
        describe_use(entry, reloaded, lines);
      } else {
        lines.push_back({LogLevel::error, std::string(kept) + entry.place + ": " + loaded.error()});
      }
    }
  }
  write(lines);
}

// ---------------------------------------------------------------------------- telling

void Certificates::describe_use(const Entry& entry, std::string_view verb, Lines& lines) {
  const auto context = entry.certificates.context->current();
  lines.push_back(
      {LogLevel::info, entry.place + " " + std::string(verb) + ": for " + describe(*context)});
  for (const std::string& warning : context->warnings()) {
    lines.push_back({LogLevel::warning, entry.place + ": " + warning});
  }
}

void Certificates::write(const Lines& lines) const {
  for (const Line& line : lines) log_(line.level, line.sentence);
}

}  // namespace duplex::server
