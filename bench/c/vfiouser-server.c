/*
 * The least a vfio-user server can be: one connection, REGION_READ only, a blocking read of the header and of the rest, and an answer
 * from a table of registers. VERSION is answered with an empty reply.
 *
 *   vfiouser-server SOCKET
 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct header {
  uint16_t id, command;
  uint32_t size, flags, error;
};

static int read_all(int fd, void *to, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t n = recv(fd, (char *)to + done, length - done, 0);
    if (n <= 0) return 0;
    done += n;
  }
  return 1;
}

int main(int argc, char **argv) {
  static uint8_t registers[4096];
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (argc != 2) return 2;
  strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1)) return 1;
  int fd = accept(listener, NULL, NULL);
  for (;;) {
    struct { struct header header; uint64_t offset; uint32_t region, count; uint8_t data[4096]; } message;
    if (!read_all(fd, &message.header, sizeof message.header)) return 0;
    if (message.header.size > sizeof message || !read_all(fd, &message.offset, message.header.size - sizeof message.header)) return 1;
    message.header.flags = 1;
    if (message.header.command == 9) {
      if (message.region > 8 || message.count > sizeof registers || message.offset > sizeof registers - message.count) return 1;
      memcpy(message.data, registers + message.offset, message.count);
      message.header.size = 32 + message.count;
    } else
      message.header.size = sizeof message.header;
    if (send(fd, &message, message.header.size, MSG_NOSIGNAL) != (ssize_t)message.header.size) return 1;
  }
}
