#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "driver.hpp"
#include "values.hpp"

namespace client_driver {

namespace client = duplex::client;

namespace {

/// How far a transfer came, as its Progress was told.
struct Transfer {
  std::uint64_t calls = 0;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> total;
  bool went_back = false;

  json report() const {
    json told = {{"calls", calls}, {"bytes", bytes}, {"went_back", went_back}};
    if (total) told["total"] = *total;
    return told;
  }
};

/// What is known of a call besides its result.
struct Progress {
  Transfer upload;
  Transfer download;
};

client::Progress writes_down(Transfer& transfer, std::stop_source stop, const json& command,
                             const char* limit) {
  std::optional<std::uint64_t> cancel_at;
  if (command.contains(limit)) cancel_at = command.at(limit).get<std::uint64_t>();
  return [&transfer, stop = std::move(stop), cancel_at](
             std::uint64_t bytes, std::optional<std::uint64_t> total) mutable {
    ++transfer.calls;
    transfer.went_back = transfer.went_back || bytes < transfer.bytes;
    transfer.bytes = bytes;
    transfer.total = total;
    if (cancel_at && bytes >= *cancel_at) stop.request_stop();
  };
}

/// What all calls can be told.
template <class Call>
void bound(Driver& driver, Call& call, const json& command) {
  if (command.contains("deadline_ms")) {
    tell(call).deadline(std::chrono::milliseconds(command.at("deadline_ms").get<int>()));
  }
  tell(call).stop_on(driver.stop_source(command.at("id").get<Id>()).get_token());
}

client::Request request_of(Driver& driver, const json& command, Progress& progress) {
  const auto stop = driver.stop_source(command.at("id").get<Id>());
  client::Request made = request(command);
  made.on_upload = writes_down(progress.upload, stop, command, "cancel_at_upload");
  made.on_download = writes_down(progress.download, stop, command, "cancel_at_download");
  return made;
}

json report_result(const client::Result<client::Response>& result, const Progress& progress) {
  json told = result ? report(*result) : json{{"error", report(result.error())}};
  told["upload"] = progress.upload.report();
  told["download"] = progress.download.report();
  return told;
}

}  // namespace

Task<> fetch(Driver& driver, json command) {
  Progress progress;
  client::FetchCall call = driver.client().send(request_of(driver, command, progress));
  bound(driver, call, command);
  const auto result = co_await std::move(call);
  driver.output().result(command.at("id").get<Id>(), report_result(result, progress));
}

void fetch_blocking(Driver& driver, const json& command) {
  const Id id = command.at("id").get<Id>();
  try {
    Progress progress;
    client::FetchCall call = driver.client().send(request_of(driver, command, progress));
    bound(driver, call, command);
    const auto result = std::move(call).wait();
    driver.output().result(id, report_result(result, progress));
  } catch (const std::exception& exception) {
    driver.output().result(id, {{"exception", exception.what()}});
  }
}

void fetch_and_call(Driver& driver, const json& command) {
  const Id id = command.at("id").get<Id>();
  const auto progress = std::make_shared<Progress>();
  client::FetchCall call = driver.client().send(request_of(driver, command, *progress));
  bound(driver, call, command);
  std::move(call).then([&driver, id, progress](const client::Result<client::Response>& result) {
    driver.output().result(id, report_result(result, *progress));
  });
}

/// With `"hold": true` it waits at a gate between the head and the content; with `"drop_at": bytes`
/// it leaves the rest unread.
Task<> stream(Driver& driver, json command) {
  const Id id = command.at("id").get<Id>();
  Progress progress;
  client::StreamCall call = driver.client().stream(request_of(driver, command, progress));
  bound(driver, call, command);
  auto begun = co_await std::move(call);
  if (!begun) {
    driver.output().result(id, {{"error", report(begun.error())}});
    co_return;
  }
  client::ResponseStream response = *std::move(begun);
  if (command.value("hold", false)) co_await driver.gate(id);

  json told = report(static_cast<const client::ResponseHead&>(response));
  if (const auto length = response.content_length()) told["content_length"] = *length;
  const auto drop_at = command.value("drop_at", UINT64_MAX);
  std::uint64_t bytes = 0;
  std::uint64_t pieces = 0;
  Crc32 crc32;
  while (bytes < drop_at) {
    const auto piece = co_await response.read();
    if (!piece) {
      told["error"] = report(piece.error());
      break;
    }
    if (!*piece) {
      told["trailers"] = report(response.trailers());
      break;
    }
    ++pieces;
    bytes += (*piece)->size();
    crc32.add(**piece);
  }
  told["bytes"] = bytes;
  told["pieces"] = pieces;
  told["crc32"] = crc32.value();
  told["download"] = progress.download.report();
  driver.output().result(id, told);
}

Task<> download(Driver& driver, json command) {
  const Id id = command.at("id").get<Id>();
  Transfer transfer;
  const auto progress =
      writes_down(transfer, driver.stop_source(id), command, "cancel_at_download");
  client::DownloadCall call = driver.client().download(command.at("url").get<std::string>(),
                                                       command.at("path").get<std::string>());
  bound(driver, call, command);
  tell(call).on_download(progress);
  if (command.value("from_the_start", false)) tell(call).from_the_start();
  if (command.contains("retries_max")) {
    tell(call).retries_max(command.at("retries_max").get<std::uint32_t>());
  }
  const auto result = co_await std::move(call);
  json told;
  if (result) {
    told = report(result->response);
    told["path"] = result->path;
    told["bytes"] = result->bytes;
    told["resumed_bytes"] = result->resumed_bytes;
  } else {
    told["error"] = report(result.error());
  }
  told["download"] = transfer.report();
  driver.output().result(id, told);
}

}  // namespace client_driver
