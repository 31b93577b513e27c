using '../../../infra/evidence.bicep'

// After the ledger's policy was locked, with a network.
param environmentName = 'demo'
param location = 'westeurope'
param ledgerLocked = true
param enableVnet = true
param vaultCreateMode = 'recover'
param vaultAllowedIpRanges = ['192.0.2.0/24']
