// The client library as a program that tests can script: reads commands from standard input, one
// JSON object a line, and writes what comes of them. Uses the public interface only.
// `client_driver '{"tls": {"ca": "root.pem"}}'`

#include <exception>
#include <iostream>
#include <string>

#include "driver.hpp"

int main(int argc, char** argv) {
  using client_driver::json;
  try {
    client_driver::Driver driver(json::parse(argc > 1 ? argv[1] : "{}"));
    std::cout << R"({"ready": true})" << '\n' << std::flush;
    for (std::string line; std::getline(std::cin, line);) {
      const json command = json::parse(line);
      try {
        driver.begin(command);
      } catch (const std::exception& exception) {
        driver.output().result(command.at("id").get<client_driver::Id>(),
                               {{"exception", exception.what()}});
      }
    }
    return 0;
  } catch (const std::exception& exception) {
    std::cout << json{{"refused", exception.what()}}.dump() << '\n' << std::flush;
    return 2;
  }
}
