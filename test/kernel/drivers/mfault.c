// SPDX-License-Identifier: GPL-2.0-only
/*
 * mfault: mediated devices without any hardware, whose driver fails or hangs when it is told to.
 *
 * Parent `mfault` has the types mfault-small and mfault-large, whose instances are counted apart. A device can be opened, and has no regions
 * and no interrupts. In its folder `vendor`:
 *
 *   level     0 to 100, else EINVAL
 *   mode      safe or fast, else EINVAL
 *   instance  which device this is, counted since the module was loaded; read-only
 *   broken    EIO, read or written
 *
 * What the driver does when it is asked to, in /sys/module/mfault/parameters/, for all devices:
 *
 *   create     0: makes the device; the number of an error: fails with it; hang: waits until this is set to something else, and does that
 *   attribute  the same for whoever writes `level` or `mode`
 *   remove     0 or hang: a driver cannot refuse a removal
 *
 * Whoever waits for it is in state D: no signal ends that.
 */
#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vfio.h>
#include <linux/wait.h>

#define HANG (-1)

struct fault {
	/* 0, HANG, or the number of an error */
	int outcome;
	bool may_fail;
};

static struct fault create_fault = { .may_fail = true };
static struct fault attribute_fault = { .may_fail = true };
static struct fault remove_fault;
static DECLARE_WAIT_QUEUE_HEAD(outcome_set);

/* Waits for as long as the outcome is to hang. Answers 0, or a negative error. */
static int undergo(struct fault *fault)
{
	int outcome;

	wait_event(outcome_set, (outcome = READ_ONCE(fault->outcome)) != HANG);
	return -outcome;
}

static int set_outcome(const char *text, const struct kernel_param *parameter)
{
	struct fault *fault = parameter->arg;
	unsigned int number = 0;
	bool hang = sysfs_streq(text, "hang");
	int refused = hang ? 0 : kstrtouint(text, 10, &number);

	if (refused)
		return refused;
	if (number > (fault->may_fail ? MAX_ERRNO : 0))
		return -EINVAL;
	WRITE_ONCE(fault->outcome, hang ? HANG : number);
	wake_up_all(&outcome_set);
	return 0;
}

static int get_outcome(char *buffer, const struct kernel_param *parameter)
{
	int outcome = READ_ONCE(((struct fault *)parameter->arg)->outcome);

	return outcome == HANG ? sysfs_emit(buffer, "hang\n") : sysfs_emit(buffer, "%d\n", outcome);
}

static const struct kernel_param_ops outcome_ops = {
	.set = set_outcome,
	.get = get_outcome,
};

module_param_cb(create, &outcome_ops, &create_fault, 0644);
MODULE_PARM_DESC(create, "outcome of creations: 0, the number of an error, hang");
module_param_cb(attribute, &outcome_ops, &attribute_fault, 0644);
MODULE_PARM_DESC(attribute, "outcome of writes to attributes: 0, the number of an error, hang");
module_param_cb(remove, &outcome_ops, &remove_fault, 0644);
MODULE_PARM_DESC(remove, "outcome of removals: 0, hang");

struct mfault_type {
	struct mdev_type type;
	atomic_t available;
};

static struct mfault_type small_type = {
	.type = { .sysfs_name = "small", .pretty_name = "small device that fails" },
	.available = ATOMIC_INIT(8),
};

static struct mfault_type large_type = {
	.type = { .sysfs_name = "large", .pretty_name = "large device that fails" },
	.available = ATOMIC_INIT(2),
};

static struct mdev_type *types[] = { &small_type.type, &large_type.type };

static const char * const modes[] = { "safe", "fast" };

struct mfault_device {
	struct vfio_device vdev;
	struct mfault_type *type;
	unsigned int instance;
	unsigned int level;
	int mode;
};

static atomic_t instances = ATOMIC_INIT(0);

static struct mfault_device *to_mfault(struct vfio_device *vdev)
{
	return container_of(vdev, struct mfault_device, vdev);
}

static int mfault_init(struct vfio_device *vdev)
{
	struct mdev_device *mdev = to_mdev_device(vdev->dev);
	struct mfault_type *type = container_of(mdev->type, struct mfault_type, type);

	if (atomic_dec_if_positive(&type->available) < 0)
		return -ENOSPC;
	/* mfault_release() gives it back. */
	to_mfault(vdev)->type = type;
	to_mfault(vdev)->instance = atomic_inc_return(&instances);
	return 0;
}

static void mfault_release(struct vfio_device *vdev)
{
	atomic_inc(&to_mfault(vdev)->type->available);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	vfio_free_device(vdev);
#endif
}

static long mfault_ioctl(struct vfio_device *vdev, unsigned int command, unsigned long argument)
{
	const unsigned long size = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;

	if (command != VFIO_DEVICE_GET_INFO)
		return -ENOTTY;
	if (copy_from_user(&info, (void __user *)argument, size))
		return -EFAULT;
	if (info.argsz < size)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PLATFORM;
	info.num_regions = 0;
	info.num_irqs = 0;
	return copy_to_user((void __user *)argument, &info, size) ? -EFAULT : 0;
}

static const struct vfio_device_ops mfault_ops = {
	.name = "mfault",
	.init = mfault_init,
	.release = mfault_release,
	.ioctl = mfault_ioctl,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
#endif
};

static int mfault_probe(struct mdev_device *mdev)
{
	struct mfault_device *device;
	int ret = undergo(&create_fault);

	if (ret)
		return ret;
	device = vfio_alloc_device(mfault_device, vdev, &mdev->dev, &mfault_ops);
	if (IS_ERR(device))
		return PTR_ERR(device);
	/* The attributes are there, and may be written, as soon as this has returned. */
	dev_set_drvdata(&mdev->dev, device);
	ret = vfio_register_emulated_iommu_dev(&device->vdev);
	if (ret)
		vfio_put_device(&device->vdev);
	return ret;
}

static void mfault_remove(struct mdev_device *mdev)
{
	struct mfault_device *device = dev_get_drvdata(&mdev->dev);

	undergo(&remove_fault);
	vfio_unregister_group_dev(&device->vdev);
	vfio_put_device(&device->vdev);
}

static unsigned int mfault_get_available(struct mdev_type *type)
{
	return atomic_read(&container_of(type, struct mfault_type, type)->available);
}

static ssize_t level_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct mfault_device *device = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(device->level));
}

static ssize_t level_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct mfault_device *device = dev_get_drvdata(dev);
	unsigned int level;
	int ret = kstrtouint(buf, 10, &level) || level > 100 ? -EINVAL : undergo(&attribute_fault);

	if (ret)
		return ret;
	WRITE_ONCE(device->level, level);
	return count;
}
static DEVICE_ATTR_RW(level);

static ssize_t mode_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct mfault_device *device = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", modes[READ_ONCE(device->mode)]);
}

static ssize_t mode_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct mfault_device *device = dev_get_drvdata(dev);
	int mode = sysfs_match_string(modes, buf);
	int ret = mode < 0 ? mode : undergo(&attribute_fault);

	if (ret)
		return ret;
	WRITE_ONCE(device->mode, mode);
	return count;
}
static DEVICE_ATTR_RW(mode);

static ssize_t instance_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct mfault_device *device = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", device->instance);
}
static DEVICE_ATTR_RO(instance);

static ssize_t broken_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return -EIO;
}

static ssize_t broken_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	return -EIO;
}
static DEVICE_ATTR_RW(broken);

static struct attribute *vendor_attributes[] = {
	&dev_attr_level.attr,
	&dev_attr_mode.attr,
	&dev_attr_instance.attr,
	&dev_attr_broken.attr,
	NULL,
};

static const struct attribute_group vendor_group = {
	.name = "vendor",
	.attrs = vendor_attributes,
};

static const struct attribute_group *mfault_groups[] = { &vendor_group, NULL };

static struct mdev_driver mfault_driver = {
	.device_api = VFIO_DEVICE_API_PLATFORM_STRING,
	.probe = mfault_probe,
	.remove = mfault_remove,
	.get_available = mfault_get_available,
	.driver = {
		.name = "mfault",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = mfault_groups,
	},
};

/* A parent without a driver gives its types the name of its class. */
static struct class mfault_class = { .name = "mfault" };
static struct device *parent_device;
static struct mdev_parent parent;

static int __init mfault_module_init(void)
{
	int ret = mdev_register_driver(&mfault_driver);

	if (ret)
		return ret;
	ret = class_register(&mfault_class);
	if (ret)
		goto unregister_driver;
	parent_device = device_create(&mfault_class, NULL, MKDEV(0, 0), NULL, "mfault");
	ret = PTR_ERR_OR_ZERO(parent_device);
	if (ret)
		goto unregister_class;
	ret = mdev_register_parent(&parent, parent_device, &mfault_driver, types, ARRAY_SIZE(types));
	if (ret)
		goto unregister_device;
	return 0;

unregister_device:
	device_unregister(parent_device);
unregister_class:
	class_unregister(&mfault_class);
unregister_driver:
	mdev_unregister_driver(&mfault_driver);
	return ret;
}

static void __exit mfault_module_exit(void)
{
	mdev_unregister_parent(&parent);
	device_unregister(parent_device);
	class_unregister(&mfault_class);
	mdev_unregister_driver(&mfault_driver);
}

module_init(mfault_module_init);
module_exit(mfault_module_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Mediated devices whose driver fails or hangs when it is told to");
