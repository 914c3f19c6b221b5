/*
 * Reads four bytes of a region, again and again, and prints how many round trips a second that makes.
 *
 *   vfiouser-client SOCKET REGION READS
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

struct header {
  uint16_t id, command;
  uint32_t size, flags, error;
};

static int fd;

/* Sends a message of `size` bytes and reads its answer over it. */
static int call(uint8_t *message, uint32_t size, size_t room) {
  struct header *header = (struct header *)message;
  header->size = size;
  if (send(fd, message, size, MSG_NOSIGNAL) != (ssize_t)size) return 0;
  for (size_t done = 0; done < sizeof *header || done < header->size;) {
    ssize_t n = recv(fd, message + done, room - done, 0);
    if (n <= 0) return 0;
    done += n;
  }
  return header->flags == 1;
}

int main(int argc, char **argv) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  uint8_t message[4096] = { 0 };
  struct header *header = (struct header *)message;
  struct timespec start, end;
  if (argc != 4) return 2;
  strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
  fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) return 1;
  header->command = 1;
  strcpy((char *)message + 20, "{\"capabilities\":{}}");
  if (!call(message, 20 + 20, sizeof message)) return 1;
  int reads = atoi(argv[3]);
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int i = 0; i < reads; i++) {
    uint32_t count = 4, region = atoi(argv[2]);
    memset(message, 0, 32);
    header->id = i;
    header->command = 9;
    memcpy(message + 24, &region, 4);
    memcpy(message + 28, &count, 4);
    if (!call(message, 32, sizeof message) || header->size != 36) return 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.1f\n", reads / ((end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) * 1e-9));
  return 0;
}
