// SPDX-License-Identifier: GPL-2.0
/*
 * An SPI bus without wires, for tests: /dev/spidev0.0, whose last transfer can be read
 * from debugfs, vapd-spi/frame.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/spi/spi.h>

static u8 frame[4096]; /* the most that spidev sends at once */
static struct debugfs_blob_wrapper blob = { .data = frame };
static struct dentry *folder;
static struct platform_device *parent;
static struct spi_controller *bus;

static int vapd_spi_transfer(struct spi_controller *c, struct spi_device *d, struct spi_transfer *t)
{
	size_t n = min_t(size_t, t->len, sizeof(frame));

	if (t->tx_buf) {
		memcpy(frame, t->tx_buf, n);
		blob.size = n;
	}
	if (t->rx_buf)
		memset(t->rx_buf, 0, t->len);
	return 0;
}

static int __init vapd_spi_init(void)
{
	/* spidev binds to names of real parts only; this is one of them. */
	struct spi_board_info chip = { .modalias = "dh2228fv", .max_speed_hz = 20000000 };
	int err;

	parent = platform_device_register_simple("vapd-spi", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	err = -ENOMEM;
	bus = spi_alloc_master(&parent->dev, 0);
	if (!bus)
		goto unregister;
	bus->bus_num = 0;
	bus->num_chipselect = 1;
	bus->mode_bits = SPI_CPOL | SPI_CPHA;
	bus->transfer_one = vapd_spi_transfer;
	err = spi_register_controller(bus);
	if (err)
		goto put;
	if (!spi_new_device(bus, &chip))
		pr_warn("vapd-spi: no spidev\n");
	folder = debugfs_create_dir("vapd-spi", NULL);
	debugfs_create_blob("frame", 0400, folder, &blob);
	return 0;
put:
	spi_controller_put(bus);
unregister:
	platform_device_unregister(parent);
	return err;
}

static void __exit vapd_spi_exit(void)
{
	debugfs_remove_recursive(folder);
	spi_unregister_controller(bus);
	platform_device_unregister(parent);
}

module_init(vapd_spi_init);
module_exit(vapd_spi_exit);
MODULE_DESCRIPTION("SPI bus without wires");
MODULE_LICENSE("GPL");
