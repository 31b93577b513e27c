using '../../../infra/evidence.bicep'

// As the hook deploys it first.
param environmentName = 'demo'
param location = 'westeurope'
