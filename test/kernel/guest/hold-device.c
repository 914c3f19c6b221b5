/*
 * hold-device [--close-group] [--map MIB] UUID
 *
 * Opens a mediated device as a VMM does: container, group, device. Prints `held` and keeps it open until standard input ends or a signal
 * comes. With --map the container gets a mapping of that much memory. With --close-group only the device's descriptor stays open.
 * When something cannot be done it prints what, and the errno's name, to standard error, and ends with status 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int or_die(int result, const char *what)
{
	if (result >= 0)
		return result;
	fprintf(stderr, "hold-device: %s: %s\n", what, strerrorname_np(errno));
	exit(1);
}

static void map(int container, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct vfio_iommu_type1_dma_map mapping = {
		.argsz = sizeof(mapping),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (unsigned long)memory,
		.iova = 0,
		.size = size,
	};

	or_die(memory == MAP_FAILED ? -1 : 0, "mmap");
	or_die(ioctl(container, VFIO_IOMMU_MAP_DMA, &mapping), "VFIO_IOMMU_MAP_DMA");
}

int main(int count, char **arguments)
{
	const char *uuid = NULL;
	size_t mapped = 0;
	int close_group = 0;
	char link[PATH_MAX], path[PATH_MAX], byte;

	for (int i = 1; i < count; i++) {
		if (!strcmp(arguments[i], "--close-group"))
			close_group = 1;
		else if (!strcmp(arguments[i], "--map") && i + 1 < count)
			mapped = strtoul(arguments[++i], NULL, 10) << 20;
		else
			uuid = arguments[i];
	}
	if (!uuid) {
		fprintf(stderr, "usage: hold-device [--close-group] [--map MIB] UUID\n");
		return 2;
	}

	snprintf(link, sizeof(link), "/sys/bus/mdev/devices/%s/iommu_group", uuid);
	ssize_t length = or_die(readlink(link, path, sizeof(path) - 1), link);
	path[length] = 0;
	snprintf(link, sizeof(link), "/dev/vfio/%.32s", basename(path));

	int container = or_die(open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC), "/dev/vfio/vfio");
	int group = or_die(open(link, O_RDWR | O_CLOEXEC), link);
	or_die(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), "VFIO_GROUP_SET_CONTAINER");
	or_die(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "VFIO_SET_IOMMU");
	or_die(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid), "VFIO_GROUP_GET_DEVICE_FD");
	if (mapped)
		map(container, mapped);
	if (close_group) {
		close(group);
		close(container);
	}
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
