// A folder as a site, beside routes of your own: `static_site PORT FOLDER`. Ranges, conditional
// requests and precompressed siblings (`page.html.br`) are taken care of; nothing outside of the
// folder, and no file that begins with a dot, is ever served.

#include <filesystem>

#include "serve.hpp"

int main(int argc, char** argv) {
  const std::string folder = argc > 2 ? argv[2] : std::filesystem::current_path().string();
  duplex::Server server;
  server.get("/api/status",
             [](const duplex::Request&) { return duplex::Response::json(R"({"status":"fine"})"); });
  server.files("/", {.folder = folder, .list = true, .cache_control = "max-age=60"});
  return serve(server, argc, argv);
}
