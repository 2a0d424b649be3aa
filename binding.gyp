{
  # A shim, so that node-gyp works where node-gyp itself does: CMakeLists.txt is the only build description.
  'targets': [
    {
      'target_name': 'slimnet',
      'type': 'none',
      'actions': [
        {
          'action_name': 'build_with_cmake',
          'inputs': ['CMakeLists.txt'],
          'outputs': ['<(module_root_dir)/build/Release/slimnet.node'],
          'action': ['node', '<(module_root_dir)/scripts/build.mjs', '--addon-only'],
        },
      ],
    },
  ],
}
