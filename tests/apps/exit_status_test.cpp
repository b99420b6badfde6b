#include "exit_status.hpp"

#include <gtest/gtest.h>

#include "subcommand.hpp"

namespace duplex::app {
namespace {

using client::Error;
using client::Step;
using websocket::CloseCode;

TEST(ExitStatus, TellsTheStepThatFailed) {
  const struct {
    Step step;
    int status;
  } cases[] = {
      {Step::request, exit_wrong_usage},   {Step::resolve, exit_no_connection},
      {Step::connect, exit_no_connection}, {Step::proxy, exit_no_connection},
      {Step::tls, exit_tls_refused},       {Step::handshake, exit_protocol},
      {Step::protocol, exit_protocol},     {Step::redirect, exit_protocol},
      {Step::content, exit_protocol},      {Step::file, exit_failure},
  };
  for (const auto& [step, status] : cases) {
    const std::error_code code = std::make_error_code(std::errc::connection_reset);
    EXPECT_EQ(exit_status_of(Error{.step = step, .code = code}), status);
  }
}

TEST(ExitStatus, IsOutOfTimeAtEveryStep) {
  for (const Step step : {Step::resolve, Step::connect, Step::tls, Step::handshake}) {
    const std::error_code code = std::make_error_code(std::errc::timed_out);
    EXPECT_EQ(exit_status_of(Error{.step = step, .code = code}), exit_timed_out);
  }
}

TEST(ExitStatus, IsFailureForWhatWasStopped) {
  const std::error_code code = std::make_error_code(std::errc::operation_canceled);
  EXPECT_EQ(exit_status_of(Error{.step = Step::connect, .code = code}), exit_failure);
}

TEST(ExitStatus, IsFineAfterAGoodbyeWithoutAnError) {
  for (const int code : {1000, 1001, 1005}) {
    EXPECT_EQ(exit_status_of(static_cast<CloseCode>(code)), exit_success) << code;
  }
  for (const int code : {1002, 1003, 1006, 1007, 1008, 1011, 1012, 3000, 4999}) {
    EXPECT_EQ(exit_status_of(static_cast<CloseCode>(code)), exit_protocol) << code;
  }
}

}  // namespace
}  // namespace duplex::app
