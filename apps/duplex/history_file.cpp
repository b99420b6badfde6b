#include "history_file.hpp"

#include <exception>
#include <filesystem>

#include "data_folder.hpp"
#include "files.hpp"

namespace duplex::app {

std::string history_path() {
  const auto folder = data_folder();
  return folder ? *folder + "/connect_history" : std::string();
}

std::vector<std::string> read_history(const std::string& path, std::size_t lines_max) {
  std::vector<std::string> lines;
  if (path.empty() || !file_exists(path)) return lines;
  std::string text;
  try {
    text = read_file(path);
  } catch (const std::exception&) {
    return lines;
  }
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    if (end != 0) lines.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (lines.size() > lines_max) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(lines_max));
  }
  return lines;
}

void add_to_history(const std::string& path, const std::vector<std::string>& lines,
                    std::size_t lines_max) {
  if (path.empty() || lines.empty()) return;
  try {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    make_private_folder(folder);
    const FolderLock lock(folder);
    std::vector<std::string> all = read_history(path, lines_max);
    all.insert(all.end(), lines.begin(), lines.end());
    const std::size_t surplus = all.size() > lines_max ? all.size() - lines_max : 0;
    std::string text;
    for (std::size_t i = surplus; i < all.size(); ++i) text += all[i] + "\n";
    write_files({{{path, text, Readable::by_owner}}}, Existing::replace);
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace duplex::app
