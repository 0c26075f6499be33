// .npz: a zip archive of .npy files. Format: APPNOTE.TXT of PKWARE, sections 4.3 and 4.5 (zip64).
#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_set>

#include "tensor/error.h"
#include "tensor/npy.h"

namespace elbo {
namespace {

constexpr std::uint32_t local_signature = 0x04034b50, central_signature = 0x02014b50, end_signature = 0x06054b50;
constexpr std::uint32_t end64_signature = 0x06064b50, locator64_signature = 0x07064b50;
constexpr std::uint64_t local_size = 30, central_size = 46, end_size = 22, end64_size = 56, locator64_size = 20;

[[noreturn]] void fail_zip(const InputFile& file, const std::string& message) { fail("npz", fmt::format("{}: {}", file.name(), message)); }

// Little-endian integers at offsets within a block of bytes.
struct Fields {
  std::vector<std::byte> bytes;
  Fields(const InputFile& file, std::uint64_t offset, std::uint64_t count) : bytes(count) { file.read(offset, bytes.data(), count); }
  std::uint64_t number(std::size_t at, std::size_t count) const {
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[at + i]);
    return value;
  }
  std::uint64_t u16(std::size_t at) const { return number(at, 2); }
  std::uint64_t u32(std::size_t at) const { return number(at, 4); }
  std::uint64_t u64(std::size_t at) const { return number(at, 8); }
};

struct Directory {
  std::uint64_t entries = 0, offset = 0, size = 0;
};

// The end record stands at the end of the file, before a comment of at most 65,535 bytes.
Directory find_directory(const InputFile& file) {
  if (file.size() < end_size) fail_zip(file, fmt::format("expected an .npz file (a zip archive), got one of only {} bytes", file.size()));
  const std::uint64_t searched = std::min<std::uint64_t>(file.size(), end_size + 65535), begin = file.size() - searched;
  const Fields tail(file, begin, searched);
  std::uint64_t at = searched - end_size;
  while (tail.u32(at) != end_signature || at + end_size + tail.u16(at + 20) != searched) {
    if (at-- == 0) fail_zip(file, "expected an .npz file, but it holds no end of a zip archive; is it truncated?");
  }
  Directory d{tail.u16(at + 10), tail.u32(at + 16), tail.u32(at + 12)};
  const bool zip64 = d.entries == 0xffff || d.offset == 0xffffffff || d.size == 0xffffffff;
  const std::uint64_t end = begin + at;
  if (zip64 && end >= locator64_size) {
    const Fields locator(file, end - locator64_size, locator64_size);
    if (locator.u32(0) == locator64_signature) {
      if (file.size() < end64_size || locator.u64(8) > file.size() - end64_size)
        fail_zip(file, "its zip64 end record lies outside of the file");
      const Fields end64(file, locator.u64(8), end64_size);
      if (end64.u32(0) != end64_signature) fail_zip(file, "its zip64 end record is damaged");
      d = {end64.u64(32), end64.u64(48), end64.u64(40)};
    }
  }
  if (d.offset > end || d.size > end - d.offset)
    fail_zip(file, fmt::format("its directory ({} bytes at {}) lies outside of the file", d.size, d.offset));
  if (d.entries > d.size / central_size) fail_zip(file, fmt::format("its directory of {} bytes cannot hold {} entries", d.size, d.entries));
  return d;
}

struct ZipEntry {
  std::string name;
  std::uint64_t method = 0, crc = 0, packed = 0, unpacked = 0, offset = 0;
};

// Sizes of 0xffffffff stand in the zip64 field of the entry's extra data, in this order.
void read_zip64(const InputFile& file, const Fields& d, std::uint64_t at, std::uint64_t end, ZipEntry& entry) {
  while (end - at >= 4) {
    const std::uint64_t kind = d.u16(at), size = d.u16(at + 2);
    at += 4;
    if (size > end - at) fail_zip(file, fmt::format("damaged extra data of entry {}", quote_name(entry.name)));
    if (kind == 1) {
      std::uint64_t field = at;
      for (std::uint64_t* value : {&entry.unpacked, &entry.packed, &entry.offset}) {
        if (*value != 0xffffffff) continue;
        if (at + size - field < 8) fail_zip(file, fmt::format("zip64 data of entry {} is too short", quote_name(entry.name)));
        *value = d.u64(field);
        field += 8;
      }
    }
    at += size;
  }
}

std::vector<ZipEntry> read_directory(const InputFile& file) {
  const Directory where = find_directory(file);
  const Fields d(file, where.offset, where.size);
  std::vector<ZipEntry> entries;
  std::unordered_set<std::string> names;
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < where.entries; i++) {
    if (where.size - at < central_size || d.u32(at) != central_signature)
      fail_zip(file, fmt::format("entry {} of its directory is damaged", i));
    ZipEntry e{{}, d.u16(at + 10), d.u32(at + 16), d.u32(at + 20), d.u32(at + 24), d.u32(at + 42)};
    const std::uint64_t flags = d.u16(at + 8), name = d.u16(at + 28), extra = d.u16(at + 30), comment = d.u16(at + 32);
    if (name + extra + comment > where.size - at - central_size) fail_zip(file, fmt::format("entry {} of its directory is damaged", i));
    e.name.assign(reinterpret_cast<const char*>(d.bytes.data()) + at + central_size, name);
    read_zip64(file, d, at + central_size + name, at + central_size + name + extra, e);
    if (flags & 1) fail_zip(file, fmt::format("entry {} is encrypted", quote_name(e.name)));
    if (e.method != 0 && e.method != 8)
      fail_zip(file, fmt::format("entry {} is packed by method {}, expected stored (0) or deflated (8)", quote_name(e.name), e.method));
    if (e.name.size() <= 4 || !e.name.ends_with(".npy"))
      fail_zip(file, fmt::format("entry {} is not an array: expected a name that ends in .npy", quote_name(e.name)));
    if (!names.insert(e.name).second) fail_zip(file, fmt::format("entry {} stands in it twice", quote_name(e.name)));
    entries.push_back(std::move(e));
    at += central_size + name + extra + comment;
  }
  return entries;
}

// Where the entry's data begin, behind its local header.
std::uint64_t data_offset(const InputFile& file, const ZipEntry& e) {
  if (file.size() < local_size || e.offset > file.size() - local_size)
    fail_zip(file, fmt::format("entry {} lies outside of the file", quote_name(e.name)));
  const Fields local(file, e.offset, local_size);
  if (local.u32(0) != local_signature) fail_zip(file, fmt::format("entry {} has no header at byte {}", quote_name(e.name), e.offset));
  const std::uint64_t begin = e.offset + local_size + local.u16(26) + local.u16(28);
  if (begin > file.size() || e.packed > file.size() - begin)
    fail_zip(file, fmt::format("entry {} ends behind the file; is it truncated?", quote_name(e.name)));
  return begin;
}

std::vector<std::byte> inflate_entry(const InputFile& file, const ZipEntry& e, std::uint64_t begin) {
  // Deflate expands at most 1032-fold: a larger claim is false, and no memory is taken for it.
  if (e.unpacked / 1032 > e.packed)
    fail_zip(file, fmt::format("entry {} claims {} bytes unpacked from {}", quote_name(e.name), e.unpacked, e.packed));
  std::vector<std::byte> out(e.unpacked), in(std::min<std::uint64_t>(e.packed, 1 << 16));
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail_zip(file, "no memory to unpack it");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  std::uint64_t taken = 0, made = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    if (stream.avail_in == 0 && taken < e.packed) {
      const auto n = std::size_t(std::min<std::uint64_t>(in.size(), e.packed - taken));
      file.read(begin + taken, in.data(), n);
      taken += n;
      stream.next_in = reinterpret_cast<Bytef*>(in.data());
      stream.avail_in = uInt(n);
    }
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + made);
    const auto room = uInt(std::min<std::uint64_t>(out.size() - made, 1u << 30));
    stream.avail_out = room;
    status = inflate(&stream, Z_NO_FLUSH);
    made += room - stream.avail_out;
  }
  if (status != Z_STREAM_END || made != e.unpacked) {
    fail_zip(file, fmt::format("entry {} is damaged: expected {} bytes unpacked, got {}", quote_name(e.name), e.unpacked, made));
  }
  return out;
}

std::uint32_t checksum(const InputFile& file) {
  std::vector<std::byte> block(1 << 16);
  uLong crc = crc32(0, nullptr, 0);
  for (std::uint64_t at = 0; at < file.size(); at += block.size()) {
    const auto n = std::size_t(std::min<std::uint64_t>(block.size(), file.size() - at));
    file.read(at, block.data(), n);
    crc = crc32(crc, reinterpret_cast<const Bytef*>(block.data()), uInt(n));
  }
  return std::uint32_t(crc);
}

Tensor read_entry(const InputFile& file, const ZipEntry& e, std::uint64_t begin) {
  const std::string name = fmt::format("{} entry {}", file.name(), quote_name(e.name));
  std::vector<std::byte> unpacked;
  if (e.method == 8) unpacked = inflate_entry(file, e, begin);
  if (e.method == 0 && e.packed != e.unpacked)
    fail_zip(file, fmt::format("stored entry {} claims {} and {} bytes", quote_name(e.name), e.packed, e.unpacked));
  const InputFile array = e.method == 8 ? InputFile(name, unpacked) : file.part(begin, e.packed, name);
  const std::uint32_t crc = checksum(array);
  if (crc != e.crc)
    fail_zip(file, fmt::format("entry {} is damaged: expected checksum {:08x}, got {:08x}", quote_name(e.name), e.crc, crc));
  return load_npy(array);
}

}  // namespace

NamedTensors load_npz(const std::string& path) { return load_npz(InputFile(path)); }

NamedTensors load_npz(const InputFile& file) {
  const std::vector<ZipEntry> entries = read_directory(file);
  // Entries that share bytes are a way to claim far more memory than the file's size warrants.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const ZipEntry& e : entries) ranges.emplace_back(e.offset, data_offset(file, e) + e.packed);
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); i++) {
    if (ranges[i].first < ranges[i - 1].second) fail_zip(file, fmt::format("two entries overlap at byte {}", ranges[i].first));
  }
  NamedTensors tensors;
  for (const ZipEntry& e : entries) tensors.emplace_back(e.name.substr(0, e.name.size() - 4), read_entry(file, e, data_offset(file, e)));
  return tensors;
}

void save_npz(const std::string& path, const NamedTensors& entries) {
  std::string directory;
  std::vector<std::string> headers(entries.size());  // of the zip entry and of the array
  std::vector<Bytes> chunks;
  std::unordered_set<std::string_view> names;
  std::uint64_t offset = 0;
  const auto append = [](std::string& to, std::uint64_t value, int count) {
    for (int i = 0; i < count; i++) to += char(value >> (8 * i) & 255);
  };
  for (std::size_t i = 0; i < entries.size(); i++) {
    const auto& [key, tensor] = entries[i];
    if (key.empty() || key.size() > 60000 || !names.insert(key).second) {
      fail("npz", fmt::format("cannot write {}: the name {} is empty, too long or there twice", path, quote_name(key)));
    }
    const std::string name = key + ".npy", array = npy_header(tensor);
    const std::uint64_t size = array.size() + tensor.bytes();
    uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(array.data()), array.size());
    if (tensor.bytes() > 0) crc = crc32_z(crc, static_cast<const Bytef*>(tensor.raw()), tensor.bytes());
    std::string common;
    append(common, 20, 2);                          // version needed to extract
    append(common, 0x0800, 2);                      // flags: the name is UTF-8
    append(common, 0, 2);                           // stored
    append(common, 0, 2), append(common, 0x21, 2);  // 1980-01-01 00:00:00, the earliest there is
    append(common, crc, 4), append(common, size, 4), append(common, size, 4);
    append(common, name.size(), 2), append(common, 0, 2);  // no extra data
    append(headers[i], local_signature, 4);
    headers[i] += common + name + array;
    append(directory, central_signature, 4);
    append(directory, 3 << 8 | 20, 2);  // made on Unix
    directory += common;
    append(directory, 0, 6);                             // no comment, disk 0, no attributes
    append(directory, std::uint64_t{0100644} << 16, 4);  // a regular file, rw-r--r--
    append(directory, offset, 4);
    directory += name;
    chunks.push_back(bytes_of(headers[i]));
    chunks.emplace_back(static_cast<const std::byte*>(tensor.raw()), tensor.bytes());
    offset += headers[i].size() + tensor.bytes();
    if (offset > std::numeric_limits<std::uint32_t>::max() || i > 60000) {
      fail("npz", fmt::format("cannot write {}: more than 4 GiB or 60,000 arrays; write .npy files", path));
    }
  }
  const std::uint64_t directory_bytes = directory.size();
  append(directory, end_signature, 4), append(directory, 0, 4);
  append(directory, entries.size(), 2), append(directory, entries.size(), 2);
  append(directory, directory_bytes, 4), append(directory, offset, 4), append(directory, 0, 2);
  chunks.push_back(bytes_of(directory));
  write_file_atomically(path, chunks);
}

}  // namespace elbo
