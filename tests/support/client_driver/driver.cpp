#include "driver.hpp"

#include <cstdio>
#include <exception>
#include <utility>

#include "values.hpp"

namespace client_driver {

void Output::line(const json& object) {
  const std::string text = object.dump() + "\n";
  const std::scoped_lock lock(mutex_);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Output::result(Id id, json result) {
  line({{"id", id}, {"result", std::move(result)}});
}

void Output::event(Id id, std::string_view name, json details) {
  line({{"id", id}, {"event", name}, {"details", std::move(details)}});
}

void Output::log(std::string_view level, std::string_view text) {
  line({{"log", to_text(text)}, {"level", level}});
}

namespace {

duplex::client::ClientOptions with_log(duplex::client::ClientOptions options, Output& output) {
  options.log = [&output](duplex::LogLevel level, std::string_view text) {
    output.log(level >= duplex::LogLevel::warning ? "warning" : "info", text);
  };
  return options;
}

}  // namespace

Driver::Driver(const json& options) : client_(with_log(client_options(options), output_)) {}

Driver::~Driver() {
  for (auto& thread : threads_) thread.join();
  client_.run(forget_everything());
}

Task<> Driver::forget_everything() {
  sockets.clear();
  reconnecting.clear();
  co_return;
}

std::stop_source Driver::stop_source(Id id) {
  const std::scoped_lock lock(mutex_);
  return stops_[id];
}

Task<> Driver::gate(Id id) {
  duplex::net::Completion<bool> opened;
  {
    const std::scoped_lock lock(mutex_);
    gates_.insert_or_assign(id, opened.resolver());
  }
  output_.event(id, "waits");
  co_await opened;
}

void Driver::in_a_thread(std::function<void()> work) {
  threads_.emplace_back(std::move(work));
}

void Driver::begin(const json& command) {
  const Id id = command.at("id").get<Id>();
  const auto& verb = command.at("do").get_ref<const std::string&>();
  if (verb == "cancel") {
    stop_source(command.at("what").get<Id>()).request_stop();
    output_.result(id, json::object());
  } else if (verb == "go") {
    const std::scoped_lock lock(mutex_);
    gates_.at(command.at("what").get<Id>()).resolve(true);
    output_.result(id, json::object());
  } else if (verb == "statistics") {
    output_.result(id, report(client_.statistics()));
  } else if (verb == "connect" && command.value("way", "") == "wait") {
    in_a_thread([this, command] { connect_blocking(*this, command); });
  } else if (verb == "fetch" && command.value("way", "") == "wait") {
    in_a_thread([this, command] { fetch_blocking(*this, command); });
  } else if (verb == "fetch" && command.value("way", "") == "then") {
    fetch_and_call(*this, command);
  } else {
    client_.spawn(run(command));
  }
}

Task<> Driver::run(json command) {
  const Id id = command.at("id").get<Id>();
  try {
    const std::string verb = command.at("do").get<std::string>();
    if (verb == "fetch") {
      co_await fetch(*this, std::move(command));
    } else if (verb == "stream") {
      co_await stream(*this, std::move(command));
    } else if (verb == "download") {
      co_await download(*this, std::move(command));
    } else if (verb == "connect" && command.value("way", "") == "callbacks") {
      connect_callbacks(*this, command);
    } else if (verb == "connect") {
      co_await connect(*this, std::move(command));
    } else if (verb == "reconnect") {
      co_await reconnect(*this, std::move(command));
    } else if (verb == "both_ways") {
      co_await both_ways(*this, std::move(command));
    } else if (reconnecting.contains(command.at("socket").get<Id>())) {
      co_await talk_reconnecting(*this, std::move(command));
    } else {
      co_await talk(*this, std::move(command));
    }
  } catch (const std::exception& exception) {
    output_.result(id, {{"exception", exception.what()}});
  }
}

}  // namespace client_driver
