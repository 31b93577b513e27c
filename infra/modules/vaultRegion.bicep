metadata description = 'Where a vault is, which decides where its topic is.'

param name string

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: name
}

output location string = vault.location
