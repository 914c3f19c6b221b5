// The walls between the folders of src/ (docs/ARCHITECTURE.md says why each stands).
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: '^src/', pathNot: allowed },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('lib-knows-nobody', '^src/lib/', '^src/lib/', 'lib/ holds small general functions'),
    only('api-is-schemas', '^src/api/', '^src/(api|lib)/', 'the kinds know nothing of who serves or reconciles them'),
    only('emulator-is-a-wing', '^src/emulator/', '^src/(emulator|lib)/', 'emulator/ imports nothing outside itself but lib/'),
    only('mdev-core-knows-nobody', '^src/emulator/mdev/', '^src/(emulator/mdev|lib)/', 'the core knows no driver and no VFIO'),
    only('iommu-knows-nobody', '^src/emulator/iommu/', '^src/(emulator/iommu|lib)/', 'type1 knows no device'),
    only('vfio-knows-core', '^src/emulator/vfio/', '^src/(emulator/(vfio|mdev|iommu)|lib)/', 'vfio knows mdev and iommu'),
    only('drivers-know-core', '^src/emulator/drivers/', '^src/(emulator/(drivers|mdev|vfio)|lib)/', 'drivers know mdev and vfio'),
    only('vfio-user-knows-core', '^src/emulator/vfio-user/', '^src/(emulator/(vfio-user|mdev|vfio)|lib)/', 'vfio-user knows mdev and vfio'),
    only('provider-never-kube', '^src/provider/', '^src/(provider|emulator|lib)/', 'a provider knows no Kubernetes'),
    only('kube-is-plumbing', '^src/kube/', '^src/(kube|api|lib)/', 'kube/ is plumbing for agent and controller'),
    only(
      'agent-sees-the-contract',
      '^src/agent/',
      '^src/(agent|api|kube|lib|provider/[^/]+\\.ts$)',
      'the agent knows the contract, not a provider',
    ),
    only('controller-never-provider', '^src/controller/', '^src/(controller|api|kube|lib)/', 'the controller never imports a provider'),
    only(
      'plugin-views-objects',
      '^src/plugin/',
      '^src/(plugin|api|lib|kube/resource\\.ts$|emulator/mdev/|controller/((world|ledger|eligibility|capacity|decide|withdrawal)|sets/(plan|situation|template|expectations))\\.ts$)',
      'its views are objects in, data out, decided by what the controller decides with; a plan is tried in the emulated kernel',
    ),
    only('apiserver-stands-alone', '^src/apiserver/', '^src/(apiserver|api|lib)/', 'apiserver/ imports api/ only for the bundled CRDs'),
    {
      name: 'main-wires-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main\\.ts|kubectl-mdev\\.ts|cli/)' },
      to: { path: '^src/(main\\.ts|kubectl-mdev\\.ts|cli/)' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.test\\.ts$' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
