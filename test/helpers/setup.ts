/** Before every test file: tests write to no folder of the user's. */
process.env.SLIMNET_PACKED_CACHE ??= 'off';
