using '../../../infra/main.bicep'

// Mode "enforce", and nothing else chosen.
param environmentName = 'demo'
param location = 'westeurope'
param mode = 'enforce'
param entraClientId = '44444444-4444-4444-4444-444444444444'
param evidenceResourceGroup = 'rg-demo-evidence'
param evidenceAccountName = 'stevidence'
param evidenceVaultName = 'kv-evidence'
param evidenceKeyName = 'ledger-checkpoints'
param evidenceSigningKey = 'https://kv-evidence.example/keys/ledger-checkpoints/0123456789abcdef0123456789abcdef'
