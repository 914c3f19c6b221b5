/*
 * in-device-cgroup COMMAND [ARGUMENT...]
 *
 * Does the command in a cgroup of version 2 whose program lets it have the devices that everybody has (null and its like, the terminals)
 * and no others: as container runtimes and systemd's DeviceAllow= do today.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOT "/run/cgroup2"
#define FENCED ROOT "/fenced"

static int fail(const char *what)
{
	fprintf(stderr, "in-device-cgroup: %s: %s\n", what, strerror(errno));
	return 1;
}

static int bpf(int command, union bpf_attr *attribute)
{
	return syscall(SYS_bpf, command, attribute, sizeof(*attribute));
}

/* r2 = major; the answer, r0, is whether it is one of three. */
static int load(void)
{
	struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1, .off = offsetof(struct bpf_cgroup_dev_ctx, major) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 2, .imm = 1, .off = 3 },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 2, .imm = 5, .off = 2 },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 2, .imm = 136, .off = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attribute = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (unsigned long)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (unsigned long)"GPL",
	};
	return bpf(BPF_PROG_LOAD, &attribute);
}

static int attach(int cgroup, int program)
{
	union bpf_attr attribute = { .target_fd = cgroup, .attach_bpf_fd = program, .attach_type = BPF_CGROUP_DEVICE };
	return bpf(BPF_PROG_ATTACH, &attribute);
}

int main(int count, char **arguments)
{
	int cgroup, program, members;

	if (count < 2) {
		fprintf(stderr, "usage: in-device-cgroup COMMAND [ARGUMENT...]\n");
		return 2;
	}
	if (mkdir(ROOT, 0755) ? errno != EEXIST : mount("none", ROOT, "cgroup2", 0, NULL))
		return fail(ROOT);
	if (mkdir(FENCED, 0755) && errno != EEXIST)
		return fail(FENCED);
	cgroup = open(FENCED, O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return fail(FENCED);
	program = load();
	if (program < 0)
		return fail("load");
	if (attach(cgroup, program))
		return fail("attach");
	members = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (members < 0 || write(members, "0", 1) != 1)
		return fail("cgroup.procs");
	execvp(arguments[1], arguments + 1);
	return fail(arguments[1]);
}
